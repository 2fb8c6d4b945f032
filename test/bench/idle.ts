import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { findPlatform } from '../../infra/local/platform-file.ts';
import { freePort } from '../../infra/local/services/free-port.ts';
import { until } from '../support/until.ts';
import type { Bench } from './bench.ts';
import type { Servers } from './servers.ts';

/** Whole minutes: a tick of the cron is part of being idle. */
const IDLE_SECONDS = 60;
const START = fileURLToPath(new URL('../../infra/local/start.ts', import.meta.url));

/**
 * The platform as `npm start` runs it, beside servers that are counted by themselves, when nobody asks for anything. Only
 * the cron has a process: it is asked every minute, within which a function is not yet idle for long enough.
 */
export async function benchIdle(bench: Bench, servers: Servers): Promise<void> {
  const shares = await measureShares(servers);
  const common = { unit: '% of core', rounds: 1, floor: () => 100 };
  await bench('idle platform scaled to zero, of a core', {
    ...common,
    ours: () => shares.platform,
    target: { atMost: 0.1 },
  });
  for (const name of ['PostgreSQL', 'Redis', 'Kafka'] as const)
    await bench(`idle ${name}, of a core`, { ...common, ours: () => shares[name] });
}

async function measureShares(servers: Servers) {
  const { postgres, redis, kafka } = servers;
  const platform = await startPlatform(servers);
  try {
    await until(platform.isReady, { what: 'the platform', timeoutMs: 120_000 });
    await until(async () => (await functionsOf(platform.pid)).every((name) => name === 'cron'), {
      what: 'scale to zero',
      timeoutMs: 180_000,
    });
    return await sharesOfCore({
      platform: platform.pid,
      PostgreSQL: postgres.pid,
      Redis: redis.pid,
      Kafka: kafka.pid,
    });
  } finally {
    await platform.stop();
  }
}

async function startPlatform({ dir, postgres, redis, kafka }: Servers) {
  const home = `${dir}/platform`;
  const child = spawn(process.execPath, [START], {
    stdio: 'ignore',
    env: {
      PATH: process.env['PATH'] ?? '',
      CAREFLOW_HOME: home,
      CAREFLOW_PORT: `${await freePort()}`,
      DATABASE_URL: postgres.url,
      REDIS_URL: redis.url,
      EVENT_LOG_URL: kafka.url,
    },
  });
  return {
    pid: child.pid ?? 0,
    isReady: async () => (await findPlatform(home)) !== undefined,
    async stop() {
      const gone = once(child, 'exit');
      child.kill('SIGTERM');
      await gone;
    },
  };
}

/** The functions that have a process, by name; whatever else the platform runs is told by its command line. */
async function functionsOf(platform: number): Promise<string[]> {
  const commands = await Promise.all((await childrenOf(platform)).map(commandOf));
  return commands
    .filter((command) => command !== '')
    .map((command) => /\/(\w+)\/main\.mjs$/.exec(command)?.[1] ?? command);
}

async function commandOf(pid: number): Promise<string> {
  const text = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  return text.split('\0').join(' ').trim();
}

/** What each took of a core meanwhile, in per cent. */
async function sharesOfCore<Name extends string>(pids: Readonly<Record<Name, number>>): Promise<Record<Name, number>> {
  const before = await cpuSecondsOf(pids);
  await delay(IDLE_SECONDS * 1_000);
  const after = await cpuSecondsOf(pids);
  const shares: Record<Name, number> = { ...after };
  for (const name in pids) shares[name] = (after[name] - before[name]) * (100 / IDLE_SECONDS);
  return shares;
}

async function cpuSecondsOf<Name extends string>(pids: Readonly<Record<Name, number>>): Promise<Record<Name, number>> {
  const seconds: Record<Name, number> = { ...pids };
  for (const name in pids) seconds[name] = await cpuSeconds(pids[name]);
  return seconds;
}

/**
 * Of the process, the children it has and those it had (proc(5): utime, stime, cutime and cstime, in hundredths of a
 * second).
 */
async function cpuSeconds(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const own = fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks) / 100, 0);
  const others = await Promise.all((await childrenOf(pid)).map(cpuSeconds));
  return others.reduce((sum, each) => sum + each, own);
}

/** Whichever of its threads started them. */
async function childrenOf(pid: number): Promise<number[]> {
  const threads = await readdir(`/proc/${pid}/task`).catch(() => []);
  const lists = await Promise.all(
    threads.map((thread) => readFile(`/proc/${pid}/task/${thread}/children`, 'utf8').catch(() => '')),
  );
  return lists.flatMap((list) => list.split(' ').filter(Boolean).map(Number));
}
