import { join } from 'node:path';

import { endLeftovers } from './services/leftover-process.ts';

const STOP_TIMEOUT_MS = 20_000;

/** Where the processes of functions are noted. */
export function functionPids(home: string): string {
  return join(home, 'run', 'functions');
}

/**
 * Ends what an earlier run on the folder left behind when it was killed: functions and servers. Throws
 * MissingRequirement while that run goes on.
 */
export async function endEarlierRun(home: string): Promise<void> {
  const places = [
    { name: 'A function', pids: functionPids(home), mark: join(home, 'functions') },
    ...[
      ['PostgreSQL', join(home, 'postgres')] as const,
      ['Redis', join(home, 'redis')] as const,
      ['Kafka', join(home, 'kafka', 'broker')] as const,
    ].map(([name, folder]) => ({ name, pids: folder, mark: folder })),
  ];
  await Promise.all(
    places.map(({ name, pids, mark }) => endLeftovers(pids, { name, mark, stopTimeoutMs: STOP_TIMEOUT_MS })),
  );
}
