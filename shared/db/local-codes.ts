import { and, asc, eq, gt, inArray, isNotNull, isNull, type SQL, sql } from 'drizzle-orm';

import { AppError } from '../errors.ts';
import type { Queryable } from './client.ts';
import { criticalLimits, type LocalCodeRow, localCodes } from './schema/laboratory.ts';

export type NewLocalCode = Pick<LocalCodeRow, 'id' | 'country' | 'sender' | 'system' | 'code' | 'display'>;

/**
 * Keeps what codes mean from changing until the transaction ends, whether anybody has heard of them or not. It comes before
 * the reports are taken, as with whoever maps a code and then sees to what waits for it.
 */
export async function shareLocalCodes(tx: Queryable, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  const places = sql`SELECT DISTINCT ${placeOf(sql`id`)} AS place FROM unnest(${sql.param([...ids])}::text[]) AS id`;
  await tx.execute(sql`SELECT pg_advisory_xact_lock_shared(4, place) FROM (${places} ORDER BY place) AS places`);
}

/** Keeps what nobody has heard of from being kept by others until the transaction ends. It comes after `shareLocalCodes`. */
export async function takeUnheardCodes(tx: Queryable, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  const places = sql`SELECT DISTINCT ${placeOf(sql`wanted.id`)} AS place
    FROM unnest(${sql.param([...ids])}::text[]) AS wanted (id)
    WHERE NOT EXISTS (SELECT FROM ${localCodes} WHERE ${localCodes.id} = wanted.id::uuid)`;
  await tx.execute(sql`SELECT pg_advisory_xact_lock(6, place) FROM (${places} ORDER BY place) AS places`);
}

/** One of 256: a message may hold more codes than a server has locks. */
function placeOf(id: SQL | string): SQL {
  return sql`(hashtext(${id}) & 255)`;
}

/** Makes a task of each code that nobody has heard of. @returns the codes as they are kept. */
export async function keepLocalCodes(tx: Queryable, codes: readonly NewLocalCode[]): Promise<LocalCodeRow[]> {
  if (codes.length === 0) return [];
  await tx
    .insert(localCodes)
    .values([...codes].toSorted((one, other) => (one.id < other.id ? -1 : 1)))
    .onConflictDoNothing();
  const ids = codes.map(({ id }) => id);
  return tx.select().from(localCodes).where(inArray(localCodes.id, ids)).orderBy(asc(localCodes.id));
}

/** The codes of a country that wait for somebody to say what they mean. */
export async function listUnmappedCodes(
  db: Queryable,
  country: string,
  { after, limit }: { after: string | undefined; limit: number },
): Promise<LocalCodeRow[]> {
  return db
    .select()
    .from(localCodes)
    .where(
      and(
        eq(localCodes.country, country),
        isNull(localCodes.loinc),
        after === undefined ? undefined : gt(localCodes.id, after),
      ),
    )
    .orderBy(asc(localCodes.id))
    .limit(limit);
}

/** Reads a code and keeps it from others until the transaction ends, also from `shareLocalCodes`. Throws `not-found`. */
export async function lockLocalCode(tx: Queryable, country: string, id: string): Promise<LocalCodeRow> {
  await tx.execute(sql`SELECT pg_advisory_xact_lock(4, ${placeOf(id)})`);
  const [code] = await tx
    .select()
    .from(localCodes)
    .where(and(eq(localCodes.id, id), eq(localCodes.country, country)))
    .for('update');
  if (code === undefined) throw new AppError('not-found', 'There is no such code.');
  return code;
}

/** What waits for it is to be seen to then. */
export async function mapLocalCode(
  tx: Queryable,
  id: string,
  mapping: { loinc: string; mappedBy: string; mappedAt: Temporal.Instant },
): Promise<void> {
  await tx
    .update(localCodes)
    .set({ ...mapping, replayedAt: null })
    .where(eq(localCodes.id, id));
}

export type MappedCode = LocalCodeRow & { readonly loinc: string };

/** The codes that have been mapped and for which results wait still, the longest mapped first; or one, if it is one of them. */
export async function listCodesToReplay(
  db: Queryable,
  { limit, id }: { readonly limit: number; readonly id?: string },
): Promise<MappedCode[]> {
  const found = await db
    .select()
    .from(localCodes)
    .where(
      and(
        isNotNull(localCodes.mappedAt),
        isNull(localCodes.replayedAt),
        id === undefined ? undefined : eq(localCodes.id, id),
      ),
    )
    .orderBy(asc(localCodes.mappedAt))
    .limit(limit);
  return found.flatMap((code) => (code.loinc === null ? [] : [{ ...code, loinc: code.loinc }]));
}

/** Notes that nothing waits for a code any more; unless it was mapped again meanwhile. */
export async function markReplayed(db: Queryable, { id, mappedAt }: MappedCode, now: Temporal.Instant): Promise<void> {
  const isSame = mappedAt === null ? undefined : eq(localCodes.mappedAt, mappedAt);
  await db
    .update(localCodes)
    .set({ replayedAt: now })
    .where(and(eq(localCodes.id, id), isSame));
}

export type CriticalLimit = typeof criticalLimits.$inferSelect;

export async function listCriticalLimits(db: Queryable, loincs: readonly string[]): Promise<CriticalLimit[]> {
  if (loincs.length === 0) return [];
  return db
    .select()
    .from(criticalLimits)
    .where(sql`${criticalLimits.loinc} = ANY (${sql.param([...loincs])}::text[])`);
}
