import { and, eq, gt, isNull, lte, or } from 'drizzle-orm';

import type { Queryable } from './client.ts';
import { publishedPatients, publishedProxies } from './schema/patient.ts';

export type PublishedPatient = typeof publishedPatients.$inferSelect;

export async function findPatient(db: Queryable, country: string, id: string): Promise<PublishedPatient | undefined> {
  const [patient] = await db
    .select()
    .from(publishedPatients)
    .where(and(eq(publishedPatients.country, country), eq(publishedPatients.id, id)));
  return patient;
}

/** The patients for whom `proxyId` may act at `now`, as guardian or named proxy. */
export async function listProxiedPatients(db: Queryable, proxyId: string, now: Temporal.Instant): Promise<string[]> {
  const proxied = await db
    .select({ patientId: publishedProxies.patientId })
    .from(publishedProxies)
    .where(
      and(
        eq(publishedProxies.proxyId, proxyId),
        lte(publishedProxies.validFrom, now),
        or(isNull(publishedProxies.validUntil), gt(publishedProxies.validUntil, now)),
      ),
    );
  return proxied.map(({ patientId }) => patientId);
}
