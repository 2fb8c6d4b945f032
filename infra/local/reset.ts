import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { careflowHome } from './home.ts';
import { lockHome } from './home-lock.ts';
import { endEarlierRun } from './leftovers.ts';
import { findPlatform } from './platform-file.ts';

/** What was downloaded, and is the same after the next start. */
const KEPT = 'kafka';
const KEPT_WITHIN = 'libs';

/** `npm run reset`: drops all local data, but not while the platform runs on it. */
async function reset(home: string): Promise<void> {
  const running = await findPlatform(home);
  if (running)
    throw new Error(`The platform is running (process ${running.pid}). Stop it with Ctrl-C, then try again.`);
  await lockHome(home);
  await endEarlierRun(home);
  await removeAllBut(home, KEPT);
  await removeAllBut(join(home, KEPT), KEPT_WITHIN);
  process.stdout.write(`All data in ${home} is gone. \`npm start\` begins anew.\n`);
}

async function removeAllBut(folder: string, kept: string): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  const dropped = names.filter((name) => name !== kept);
  await Promise.all(dropped.map((name) => rm(join(folder, name), { recursive: true, force: true })));
}

try {
  await reset(careflowHome());
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
