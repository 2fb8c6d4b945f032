import { and, eq, ne, sql } from 'drizzle-orm';

import type { AccountStatus } from '../domain/account.ts';
import type { Queryable } from './client.ts';
import { accounts } from './schema/account.ts';

export type AccountRow = typeof accounts.$inferSelect;

export async function findAccount(db: Queryable, patientId: string): Promise<AccountRow | undefined> {
  const [account] = await db.select().from(accounts).where(eq(accounts.patientId, patientId));
  return account;
}

/** Whether the account was erased, keeping it as it is until the transaction ends. */
export async function isErased(tx: Queryable, patientId: string): Promise<boolean> {
  const erased = await tx
    .select({ status: accounts.status })
    .from(accounts)
    .where(and(eq(accounts.patientId, patientId), eq(accounts.status, 'erased')))
    .for('share');
  return erased.length > 0;
}

/**
 * Writes the state of an account unless a newer one is known, or it was erased.
 * @returns whether it was written.
 */
export async function saveAccount(tx: Queryable, account: AccountRow): Promise<boolean> {
  const saved = await tx
    .insert(accounts)
    .values(account)
    .onConflictDoUpdate({
      target: accounts.patientId,
      set: account,
      setWhere: sql`${accounts.version} < excluded.version AND ${accounts.status} <> 'erased'`,
    })
    .returning({ patientId: accounts.patientId });
  return saved.length === 1;
}

/**
 * Marks an account erased, for good.
 * @returns the account as it is now, or undefined where it was erased before.
 */
export async function eraseAccount(
  tx: Queryable,
  { patientId, country, now }: { patientId: string; country: string; now: Temporal.Instant },
): Promise<AccountRow | undefined> {
  const status: AccountStatus = 'erased';
  const [erased] = await tx
    .insert(accounts)
    .values({ patientId, country, version: 1, status, changedAt: now })
    .onConflictDoUpdate({
      target: accounts.patientId,
      set: { status, version: sql`${accounts.version} + 1`, changedAt: now },
      setWhere: ne(accounts.status, status),
    })
    .returning();
  return erased;
}
