import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import type { RunningPlatform } from '../../infra/local/platform.ts';
import { services, type Target } from './schedule.ts';

/** Kills a part without a warning and resolves when it is gone; what it resolves to brings it back. */
export type Kill = (target: Target) => Promise<() => Promise<void>>;

/** For a platform that runs in this process, with its data in `home`. */
export function createKill({ services: { started }, knative }: RunningPlatform, home: string): Kill {
  return async (target) => {
    const name = services.find((service) => service === target);
    if (name === undefined) return killFunction(target, join(home, 'functions', target, 'main.mjs'), knative);
    const service = started[name];
    if (service === undefined) throw new Error(`${target} was not started by this platform`);
    await service.kill();
    return () => service.restart();
  };
}

/** Nobody needs to bring a function back: the next request does. One that was idle is woken before. */
async function killFunction(name: string, bundle: string, knative: RunningPlatform['knative']) {
  for (;;) {
    const [pid] = await processesOf(bundle);
    if (pid !== undefined) {
      process.kill(pid, 'SIGKILL');
      return async () => undefined;
    }
    await wake(`${knative.url(name)}/health/live`);
  }
}

async function wake(url: string): Promise<void> {
  const response = await fetch(url).catch(() => undefined);
  if (response?.ok !== true) await delay(50);
  await response?.body?.cancel();
}

/** Those whose command line names the bundle. */
async function processesOf(bundle: string): Promise<number[]> {
  const entries = (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry));
  const lines = await Promise.all(entries.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')));
  return entries.flatMap((pid, place) => (lines[place]?.split('\0').includes(bundle) ? [Number(pid)] : []));
}
