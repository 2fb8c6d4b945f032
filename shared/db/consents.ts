import { and, asc, eq } from 'drizzle-orm';

import type { ConsentPurpose } from '../domain/consent.ts';
import type { Queryable } from './client.ts';
import { consents, type ConsentRow, publishedConsents } from './schema/account.ts';

/** What holds for each purpose that the patient ever decided on. To be asked anew whenever it matters. */
export async function listConsents(db: Queryable, patientId: string): Promise<ConsentRow[]> {
  return db
    .select()
    .from(publishedConsents)
    .where(eq(publishedConsents.patientId, patientId))
    .orderBy(asc(publishedConsents.purpose));
}

export async function findConsent(
  db: Queryable,
  patientId: string,
  purpose: ConsentPurpose,
): Promise<ConsentRow | undefined> {
  const [latest] = await db
    .select()
    .from(publishedConsents)
    .where(and(eq(publishedConsents.patientId, patientId), eq(publishedConsents.purpose, purpose)));
  return latest;
}

/** Whether the ledger has it that somebody consented to a text at that time, whatever they decided since. */
export async function hasConsented(
  db: Queryable,
  { patientId, purpose, consentVersion, occurredAt }: Omit<ConsentRow, 'version'>,
): Promise<boolean> {
  const found = await db
    .select({ version: consents.version })
    .from(consents)
    .where(
      and(
        eq(consents.patientId, patientId),
        eq(consents.purpose, purpose),
        eq(consents.decision, 'given'),
        eq(consents.occurredAt, occurredAt),
        consentVersion === null ? undefined : eq(consents.consentVersion, consentVersion),
      ),
    );
  return found.length > 0;
}

/** Adds a decision to the ledger; one that is in it stays as it is. */
export async function appendConsent(tx: Queryable, decision: ConsentRow): Promise<void> {
  await tx.insert(consents).values(decision).onConflictDoNothing();
}
