import type { Database } from './client.ts';
import { listDueReports } from './lab-reports.ts';
import { changeRelease } from './result-release.ts';

/** Lets patients see a batch of the reports whose time has come. Resolves to how many there were. */
export async function releaseDueReports(
  db: Database,
  at: { readonly now: Temporal.Instant; readonly traceparent: string },
  limit: number,
): Promise<number> {
  const due = await listDueReports(db, at.now, limit);
  // Each by itself: whoever applies a message to one of them holds up no other.
  for (const id of due) await db.transaction((tx) => changeRelease(tx, id, (report) => report, at));
  return due.length;
}
