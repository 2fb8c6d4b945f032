import { and, eq, lte, sql } from 'drizzle-orm';

import type { Queryable } from './client.ts';
import { leases } from './schema/cron.ts';

export type Lease = { readonly name: string; readonly holder: string };

/**
 * Takes a lease that nobody has, or that has run out, for `seconds` of the database's clock.
 * @returns whether the holder has it now.
 */
export async function takeLease(db: Queryable, { name, holder }: Lease, seconds: number): Promise<boolean> {
  const expiresAt = sql`clock_timestamp() + make_interval(secs => ${seconds})`;
  const taken = await db
    .insert(leases)
    .values({ name, holder, expiresAt })
    .onConflictDoUpdate({
      target: leases.name,
      set: { holder, expiresAt },
      setWhere: lte(leases.expiresAt, sql`clock_timestamp()`),
    })
    .returning({ holder: leases.holder });
  return taken.length === 1;
}

/** Gives a lease back; one that ran out and went to another stays with the other. */
export async function releaseLease(db: Queryable, { name, holder }: Lease): Promise<void> {
  await db.delete(leases).where(and(eq(leases.name, name), eq(leases.holder, holder)));
}
