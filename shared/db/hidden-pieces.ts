import { eq, inArray, or } from 'drizzle-orm';

import type { Queryable } from './client.ts';
import { hiddenPieces } from './schema/laboratory.ts';

/** What of a report, and of some pieces wherever they were, its patient has read and does not see any more. */
export async function listHidden(
  tx: Queryable,
  reportId: string,
  pieceIds: readonly string[],
): Promise<ReadonlySet<string>> {
  const found = await tx
    .select({ id: hiddenPieces.pieceId })
    .from(hiddenPieces)
    .where(or(eq(hiddenPieces.reportId, reportId), inArray(hiddenPieces.pieceId, [...pieceIds])));
  return new Set(found.map(({ id }) => id));
}

/** Keeps in mind that the patient of a report has read these of it. */
export async function rememberHidden(tx: Queryable, reportId: string, pieceIds: readonly string[]): Promise<void> {
  if (pieceIds.length === 0) return;
  await tx
    .insert(hiddenPieces)
    .values(pieceIds.map((pieceId) => ({ pieceId, reportId })))
    .onConflictDoNothing();
}

/** What is kept in mind goes with the observations, into the report that they are in now. */
export async function moveHidden(tx: Queryable, pieceIds: readonly string[], reportId: string): Promise<void> {
  await tx
    .update(hiddenPieces)
    .set({ reportId })
    .where(inArray(hiddenPieces.pieceId, [...pieceIds]));
}

/** Forgets what its patient is told of. */
export async function forgetHidden(tx: Queryable, pieceIds: readonly string[]): Promise<void> {
  await tx.delete(hiddenPieces).where(inArray(hiddenPieces.pieceId, [...pieceIds]));
}
