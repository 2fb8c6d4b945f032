import type { Database } from './client.ts';
import { listDueReports, type ReportId } from './lab-reports.ts';
import { listOutOfStep, settlePreferences } from './release-preferences.ts';
import { changeRelease } from './result-release.ts';

type During = {
  readonly now: Temporal.Instant;
  readonly traceparent: string;
  /** Aborts when no further report may be begun. */
  readonly signal: AbortSignal;
};

/** Lets patients see what is due of up to `limit` reports. Resolves to how many reports there were. */
export async function releaseDueReports(db: Database, during: During, limit: number): Promise<number> {
  return settleEach(db, await listDueReports(db, during.now, limit), during);
}

/**
 * Decides anew on up to `limit` reports of which something held was decided by another preference than the patient's of now.
 * Resolves to how many there were; the others are for the next time.
 */
export async function bringInStep(db: Database, during: During, limit: number): Promise<number> {
  const settled = await settleEach(db, await listOutOfStep(db, limit), during);
  await settlePreferences(db, limit);
  return settled;
}

/**
 * Each by itself: one that somebody applies a message to, or that fails, holds up no other. Throws after all were tried when any
 * failed. Resolves to how many were tried.
 */
async function settleEach(db: Database, ids: readonly ReportId[], { signal, ...at }: During): Promise<number> {
  const tried: PromiseSettledResult<unknown>[] = [];
  for (const id of ids) {
    if (signal.aborted) break;
    const settling = db.transaction((tx) => changeRelease(tx, id, (piece) => piece, at));
    tried.push(...(await Promise.allSettled([settling])));
  }
  mustAllBeSettled(tried);
  return tried.length;
}

function mustAllBeSettled(tried: readonly PromiseSettledResult<unknown>[]): void {
  const [first, ...others] = tried.filter((each) => each.status === 'rejected');
  if (!first) return;
  throw new Error(`${1 + others.length} of ${tried.length} reports could not be decided on`, { cause: first.reason });
}
