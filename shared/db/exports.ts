import { and, eq, lte } from 'drizzle-orm';

import { AppError } from '../errors.ts';
import type { Queryable } from './client.ts';
import { type ExportRow, exports } from './schema/worker.ts';

export type NewExport = Pick<ExportRow, 'id' | 'country' | 'patientId' | 'requestedBy' | 'requestedAt'>;

/** Asks for an export, unless the patient has one under way. @returns the one that is under way. */
export async function requestExport(tx: Queryable, wanted: NewExport): Promise<ExportRow> {
  const [made] = await tx.insert(exports).values(wanted).onConflictDoNothing().returning();
  if (made) return made;
  const underWay = and(eq(exports.patientId, wanted.patientId), eq(exports.status, 'requested'));
  const [row] = await tx.select().from(exports).where(underWay);
  if (!row) throw new AppError('in-progress', 'Another export of the same patient has just ended.');
  return row;
}

/** Found in its own country only. */
export async function findExport(db: Queryable, country: string, id: string): Promise<ExportRow | undefined> {
  const [row] = await db
    .select()
    .from(exports)
    .where(and(eq(exports.country, country), eq(exports.id, id)));
  return row;
}

/** Keeps the sealed archive of an export that still waits for it. @returns whether it did. */
export async function completeExport(
  db: Queryable,
  {
    id,
    archive,
    completedAt,
    expiresAt,
  }: { [Key in 'completedAt' | 'expiresAt']: Temporal.Instant } & {
    id: string;
    archive: string;
  },
): Promise<boolean> {
  const { rowCount } = await db
    .update(exports)
    .set({ status: 'completed', archive, completedAt, expiresAt })
    .where(and(eq(exports.id, id), eq(exports.status, 'requested')));
  return rowCount === 1;
}

/** An export that was given up: the patient may ask for another. */
export async function failExport(db: Queryable, id: string): Promise<void> {
  await db
    .update(exports)
    .set({ status: 'failed' })
    .where(and(eq(exports.id, id), eq(exports.status, 'requested')));
}

/** Drops the archives that have expired. Resolves to how many there were. */
export async function expireExports(db: Queryable, now: Temporal.Instant): Promise<number> {
  const { rowCount } = await db
    .update(exports)
    .set({ status: 'expired', archive: null })
    .where(and(eq(exports.status, 'completed'), lte(exports.expiresAt, now)));
  return rowCount ?? 0;
}
