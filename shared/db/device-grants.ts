import { and, desc, eq, inArray, notInArray, type SQL, sql } from 'drizzle-orm';

import { MOST_OPEN_GRANTS } from '../domain/grant.ts';
import type { Queryable } from './client.ts';
import { deleteBatch } from './delete-batch.ts';
import { type GrantRow, grants } from './schema/homekit.ts';

export async function addGrant(tx: Queryable, grant: GrantRow): Promise<void> {
  await tx.insert(grants).values(grant);
}

/** As many as anybody is shown; more than may be in force or asked for. */
const MOST_SHOWN = 2 * MOST_OPEN_GRANTS;

/** The grants on a device, the first one first; of many those in force or asked for at `now`, and the newest. */
export async function listGrants(db: Queryable, deviceId: string, now: Temporal.Instant): Promise<GrantRow[]> {
  const found = await db
    .select()
    .from(grants)
    .where(eq(grants.deviceId, deviceId))
    .orderBy(desc(isOpen(now)), desc(grants.createdAt), desc(grants.id))
    .limit(MOST_SHOWN);
  return found.toSorted(
    (one, other) => Temporal.Instant.compare(one.createdAt, other.createdAt) || (one.id < other.id ? -1 : 1),
  );
}

/** How many grants on a device are in force or asked for at `now`. */
export async function countOpenGrants(db: Queryable, deviceId: string, now: Temporal.Instant): Promise<number> {
  return db.$count(grants, and(eq(grants.deviceId, deviceId), isOpen(now)));
}

function isOpen(now: Temporal.Instant): SQL {
  const lasts = sql`coalesce(${grants.expiresAt} > ${now.toString()}, true)`;
  return sql`(${inArray(grants.status, ['received', 'active'])} AND ${lasts})`;
}

export async function findGrant(
  db: Queryable,
  { deviceId, id }: Pick<GrantRow, 'deviceId' | 'id'>,
): Promise<GrantRow | undefined> {
  const [grant] = await db
    .select()
    .from(grants)
    .where(and(eq(grants.deviceId, deviceId), eq(grants.id, id)));
  return grant;
}

/** Reads a grant and keeps it from others until the transaction ends. */
export async function lockGrant(
  tx: Queryable,
  { deviceId, id }: Pick<GrantRow, 'deviceId' | 'id'>,
): Promise<GrantRow | undefined> {
  const [grant] = await tx
    .select()
    .from(grants)
    .where(and(eq(grants.deviceId, deviceId), eq(grants.id, id)))
    .for('update');
  return grant;
}

export async function saveGrant(tx: Queryable, { id, ...state }: GrantRow): Promise<void> {
  await tx.update(grants).set(state).where(eq(grants.id, id));
}

type Holder = { readonly deviceId: string; readonly granteeId?: string };

/** Ends what is in force on a device, of one grantee or of all. @returns what was. */
export async function endGrants(
  tx: Queryable,
  { deviceId, granteeId }: Holder,
  { status, now }: { readonly status: 'revoked' | 'replaced'; readonly now: Temporal.Instant },
): Promise<GrantRow[]> {
  const ofOne = granteeId === undefined ? undefined : eq(grants.granteeId, granteeId);
  return tx
    .update(grants)
    .set({ status, updatedAt: now })
    .where(and(eq(grants.deviceId, deviceId), eq(grants.status, 'active'), ofOne))
    .returning();
}

/** Drops a batch of the grants that ended before `before`. Resolves to how many there were. */
export async function forgetGrants(db: Queryable, before: Temporal.Instant): Promise<number> {
  const hasEnded = sql`${notInArray(grants.status, ['received', 'active'])} AND ${grants.updatedAt} < ${before.toString()}`;
  return deleteBatch(db, grants, sql`${hasEnded} OR ${grants.expiresAt} < ${before.toString()}`);
}
