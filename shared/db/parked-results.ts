import type { Database } from './client.ts';
import { listReportsParked } from './lab-reports.ts';
import { listCodesToReplay, listCriticalLimits, type MappedCode, markReplayed } from './local-codes.ts';
import type { OutgoingEvent } from './outbox.ts';
import { unparkReport } from './unpark-report.ts';

type During = {
  readonly now: Temporal.Instant;
  readonly traceparent: string;
  /** Aborts when no further report may be begun. */
  readonly signal: AbortSignal;
};

export type Replayed = {
  readonly events: readonly OutgoingEvent[];
  /** How many reports were tried, and why some of them wait still. */
  readonly tried: number;
  readonly failures: readonly unknown[];
};

const MOST_CODES = 1_000;

/**
 * Sees to what waits for codes that somebody has mapped: up to `limit` reports of each. Throws after all were tried when any
 * failed. Resolves to how many there were.
 */
export async function replayMappedCodes(db: Database, during: During, limit: number): Promise<number> {
  const failures: unknown[] = [];
  let tried = 0;
  for (const code of await listCodesToReplay(db, { limit: MOST_CODES })) {
    if (during.signal.aborted) break;
    const replayed = await replayCode(db, code, during, limit);
    tried += replayed.tried;
    failures.push(...replayed.failures);
  }
  if (failures.length === 0) return tried;
  throw new Error(`${failures.length} of ${tried} reports still wait for their code`, { cause: failures[0] });
}

/**
 * Gives up to `limit` reports the code that they wait for, each in a transaction of its own: what was begun goes on wherever it
 * was left, and one that fails holds up no other. Nobody parks a result under a code any more once its mapping is committed.
 */
export async function replayCode(
  db: Database,
  code: MappedCode,
  { signal, ...at }: During,
  limit: number,
): Promise<Replayed> {
  const limits = await listCriticalLimits(db, [code.loinc]);
  const parked = await listReportsParked(db, code, limit);
  const tried: PromiseSettledResult<OutgoingEvent[]>[] = [];
  for (const id of parked) {
    if (signal.aborted) break;
    const unparked = db.transaction((tx) => unparkReport(tx, id, code, limits, at));
    tried.push(...(await Promise.allSettled([unparked])));
  }
  const failures = tried.flatMap((each) => (each.status === 'rejected' ? [each.reason] : []));
  const isAll = parked.length < limit && tried.length === parked.length && failures.length === 0;
  if (isAll) await markReplayed(db, code, at.now);
  const events = tried.flatMap((each) => (each.status === 'fulfilled' ? each.value : []));
  return { events, tried: tried.length, failures };
}
