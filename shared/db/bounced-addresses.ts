import { eq, sql } from 'drizzle-orm';

import type { Queryable } from './client.ts';
import { bouncedAddresses } from './schema/account.ts';

export type BouncedAddress = typeof bouncedAddresses.$inferSelect;

/** Keeps the latest that is known of an address; of two at one time, the complaint. */
export async function saveBouncedAddress(tx: Queryable, bounced: BouncedAddress): Promise<void> {
  await tx
    .insert(bouncedAddresses)
    .values(bounced)
    .onConflictDoUpdate({
      target: [bouncedAddresses.patientId, bouncedAddresses.channel, bouncedAddresses.addressHash],
      set: { reason: bounced.reason, occurredAt: bounced.occurredAt },
      setWhere: sql`(${bouncedAddresses.occurredAt}, ${bouncedAddresses.reason})
        < (excluded.occurred_at, excluded.reason)`,
    });
}

export async function listBouncedAddresses(db: Queryable, patientId: string): Promise<BouncedAddress[]> {
  return db.select().from(bouncedAddresses).where(eq(bouncedAddresses.patientId, patientId));
}
