import type { Settings } from '../shared/runtime/config.ts';
import type { OpenFunction } from '../shared/runtime/function.ts';

/** Every function there is; each is a folder of this one, whose `index.ts` exports `open`. */
export const workloads = [
  'booking',
  'availability',
  'notifications',
  'customer',
  'worker',
  'homekit',
  'lab-results',
  'cron',
] as const;
export type Workload = (typeof workloads)[number];

export function isWorkload(name: string): name is Workload {
  return workloads.some((workload) => workload === name);
}

/** What one function reads of its environment, without the function. */
export async function loadSettings(name: Workload): Promise<Settings> {
  const { settings }: { settings: Settings } = await import(`./${name}/config.ts`);
  return settings;
}

/** Loads one function and nothing of the others. */
export async function loadWorkload(name: Workload): Promise<OpenFunction> {
  const { open }: { open: OpenFunction } = await import(`./${name}/index.ts`);
  return open;
}
