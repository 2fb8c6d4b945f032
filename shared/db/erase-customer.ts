import { eq, sql } from 'drizzle-orm';

import { closeAccount, type Closing } from './accounts.ts';
import type { Queryable } from './client.ts';
import {
  bouncedAddresses,
  consents,
  kitRegistrations,
  kitResults,
  orders,
  patientIdempotencyKeys,
} from './schema/account.ts';
import { contactPoints, patients, preferences, proxies } from './schema/patient.ts';
import { destroySubjectKey } from './subject-keys.ts';

/**
 * Closes an account and erases what events and requests of its customer have left: for the end of an erasure, when what law
 * keeps has been kept apart. Again, and it changes nothing.
 */
export async function eraseCustomer(tx: Queryable, closing: Closing): Promise<void> {
  const { patientId, now } = closing;
  await closeAccount(tx, closing);
  await tx.delete(bouncedAddresses).where(eq(bouncedAddresses.patientId, patientId));
  await tx.delete(kitRegistrations).where(eq(kitRegistrations.patientId, patientId));
  await tx.delete(kitResults).where(eq(kitResults.patientId, patientId));
  await tx.delete(consents).where(eq(consents.patientId, patientId));
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
