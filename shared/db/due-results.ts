import type { Database } from './client.ts';
import { listDueReports } from './lab-reports.ts';
import { changeRelease } from './result-release.ts';

type During = {
  readonly now: Temporal.Instant;
  readonly traceparent: string;
  /** Aborts when no further report may be begun. */
  readonly signal: AbortSignal;
};

/**
 * Lets patients see what is due of up to `limit` reports. Each by itself: one that somebody applies a message
 * to, or that fails, holds up no other. Throws after all were tried when any failed. Resolves to how many there were.
 */
export async function releaseDueReports(db: Database, { signal, ...at }: During, limit: number): Promise<number> {
  const due = await listDueReports(db, at.now, limit);
  const tried: PromiseSettledResult<unknown>[] = [];
  for (const id of due) {
    if (signal.aborted) break;
    const release = db.transaction((tx) => changeRelease(tx, id, (piece) => piece, at));
    tried.push(...(await Promise.allSettled([release])));
  }
  mustAllBeReleased(tried);
  return tried.length;
}

function mustAllBeReleased(tried: readonly PromiseSettledResult<unknown>[]): void {
  const [first, ...others] = tried.filter((each) => each.status === 'rejected');
  if (!first) return;
  throw new Error(`${1 + others.length} of ${tried.length} reports could not be released`, { cause: first.reason });
}
