import { eq, sql } from 'drizzle-orm';

import type { Queryable } from './client.ts';
import { bouncedAddresses, kitResults, orders, patientIdempotencyKeys } from './schema/account.ts';
import { contactPoints, patients, preferences, proxies } from './schema/patient.ts';
import { revokeSessions } from './sessions.ts';
import { destroySubjectKey } from './subject-keys.ts';

/**
 * Erases what the patient context keeps of somebody, signs them out everywhere and destroys their key, so that what lies in
 * topics and logs is unreadable. The consent ledger stays: that there was consent must be shown afterwards (GDPR, article
 * 7(1)), and it names nobody who is not looked for by an id. Again, and it changes nothing.
 */
export async function eraseCustomer(tx: Queryable, patientId: string, now: Temporal.Instant): Promise<void> {
  await revokeSessions(tx, patientId);
  await tx.delete(bouncedAddresses).where(eq(bouncedAddresses.patientId, patientId));
  await tx.delete(kitResults).where(eq(kitResults.patientId, patientId));
  await tx.delete(orders).where(eq(orders.patientId, patientId));
  await tx.delete(preferences).where(eq(preferences.patientId, patientId));
  await tx.delete(contactPoints).where(eq(contactPoints.patientId, patientId));
  await tx.delete(proxies).where(sql`${patientId} IN (${proxies.patientId}, ${proxies.proxyId})`);
  await tx.delete(patients).where(eq(patients.id, patientId));
  await tx
    .delete(patientIdempotencyKeys)
    .where(sql`${patientId} IN (${patientIdempotencyKeys.subject}, ${patientIdempotencyKeys.body} ->> 'patientId')`);
  await destroySubjectKey(tx, patientId, now);
}
