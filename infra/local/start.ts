import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';

import { AppError } from '../../shared/errors.ts';
import { careflowHome } from './home.ts';
import { lockHome } from './home-lock.ts';
import { portInUse } from './gateway.ts';
import { startPlatform } from './platform.ts';
import { findPlatform, removePlatform, writePlatform } from './platform-file.ts';
import { MissingRequirement } from './services/missing-requirement.ts';
import { walkThrough } from './walk-through.ts';

const EVENT_LOGS = ['auto', 'kafka', 'postgres'] as const;

/** `npm start`: everything, until Ctrl-C. */
async function main(): Promise<void> {
  const home = careflowHome();
  const port = readPort(process.env['CAREFLOW_PORT'] ?? '8080');
  await mustBeAlone(home);
  await lockHome(home);
  await mustBeFree(port);
  await mkdir(join(home, 'logs'), { recursive: true });
  const log = createWriteStream(join(home, 'logs', 'functions.log'), { flags: 'a' });
  const stopping = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stopping.abort());
  say(`Starting Careflow; data and logs are in ${home}`);
  const running = await startPlatform({
    home,
    port,
    eventLog: readEventLog(process.env['CAREFLOW_EVENT_LOG'] ?? 'auto'),
    environment: process.env,
    onProgress: say,
    onLine: (source, line) => log.write(`${source} ${line}\n`),
  });
  await writePlatform(running.platform, home);
  if (!stopping.signal.aborted) {
    say(await walkThrough(running.platform));
    await once(stopping.signal, 'abort');
  }
  say('\nStopping: what is under way is finished first...');
  await removePlatform(home);
  await running.stop();
  log.end();
  say('Everything has stopped.');
}

async function mustBeAlone(home: string): Promise<void> {
  const other = await findPlatform(home);
  if (other === undefined) return;
  throw new MissingRequirement(
    `The platform is already running (process ${other.pid}) at ${other.gateway}`,
    'Use that one, stop it with Ctrl-C, or set CAREFLOW_HOME and CAREFLOW_PORT for a second one.',
  );
}

async function mustBeFree(port: number): Promise<void> {
  const server = createServer();
  server.listen(port);
  const fault = await Promise.race([once(server, 'listening').then(() => undefined), once(server, 'error')]).catch(
    (error: unknown) => error,
  );
  server.close();
  if (fault !== undefined) throw portInUse(port);
}

function readPort(text: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port > 0 && port < 65_536) return port;
  throw new MissingRequirement('CAREFLOW_PORT is not a port', 'Set it to a number from 1 to 65535, or leave it out.');
}

function readEventLog(text: string): (typeof EVENT_LOGS)[number] {
  const choice = EVENT_LOGS.find((known) => known === text);
  if (choice !== undefined) return choice;
  throw new MissingRequirement('CAREFLOW_EVENT_LOG is not an event log', `Set it to ${EVENT_LOGS.join(', ')}.`);
}

function say(what: string): void {
  process.stdout.write(`${what}\n`);
}

/** What its user can mend is told without where it came up. */
function explain(error: unknown): string {
  const isForUser = error instanceof MissingRequirement || (error instanceof AppError && error.code === 'conflict');
  if (isForUser) return error.message;
  return String(error instanceof Error ? error.stack : error);
}

try {
  await main();
} catch (error) {
  process.stderr.write(`${explain(error)}\n`);
  process.exitCode = 1;
}
