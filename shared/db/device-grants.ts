import { and, asc, eq } from 'drizzle-orm';

import type { Queryable } from './client.ts';
import { type GrantRow, grants } from './schema/homekit.ts';

export async function addGrant(tx: Queryable, grant: GrantRow): Promise<void> {
  await tx.insert(grants).values(grant);
}

/** Every grant that was asked for on a device, the first one first. */
export async function listGrants(db: Queryable, deviceId: string): Promise<GrantRow[]> {
  return db.select().from(grants).where(eq(grants.deviceId, deviceId)).orderBy(asc(grants.createdAt), asc(grants.id));
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
