import { eq, ne, sql } from 'drizzle-orm';

import type { Queryable } from './client.ts';
import { accounts } from './schema/account.ts';
import { revokeSessions } from './sessions.ts';
import { statement } from './statement.ts';

export type AccountRow = typeof accounts.$inferSelect;

const takeTurn = statement<{ erased: boolean }>(
  'take_customer_turn',
  sql`SELECT patient.take_customer_turn(${sql.placeholder('patientId')}) AS erased`,
);

/**
 * Makes those who write about one customer take turns until their transactions end. Before any row lock.
 * @returns whether the customer was erased.
 */
export async function takeCustomerTurn(tx: Queryable, patientId: string): Promise<boolean> {
  const { rows } = await takeTurn(tx, { patientId });
  return rows[0]?.erased ?? false;
}

export async function findAccount(db: Queryable, patientId: string): Promise<AccountRow | undefined> {
  const [account] = await db.select().from(accounts).where(eq(accounts.patientId, patientId));
  return account;
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

export type Closing = {
  readonly patientId: string;
  readonly country: string;
  readonly now: Temporal.Instant;
  /** Of the account as it is erased; the next one unless given. */
  readonly version?: number;
};

/**
 * Closes the account of somebody who is to be erased: they are signed out everywhere and cannot sign in again, and nothing
 * that is still on its way is written about them. Again, and it changes nothing.
 * @returns the account, for the event that tells of its erasure once that is done.
 */
export async function closeAccount(
  tx: Queryable,
  { patientId, country, now, version }: Closing,
): Promise<AccountRow | undefined> {
  await takeCustomerTurn(tx, patientId);
  // Nobody begins a session meanwhile: see patient.use_session.
  await tx.execute(sql`SELECT pg_advisory_xact_lock(hashtextextended(${patientId}::uuid::text, 7))`);
  const erased = { status: 'erased', changedAt: now } as const;
  await tx
    .insert(accounts)
    .values({ patientId, country, version: version ?? 1, ...erased })
    .onConflictDoUpdate({
      target: accounts.patientId,
      set: { ...erased, version: version ?? sql`${accounts.version} + 1` },
      setWhere: ne(accounts.status, 'erased'),
    });
  await revokeSessions(tx, patientId);
  return findAccount(tx, patientId);
}
