import { and, eq, gt, isNull, lte, or, sql } from 'drizzle-orm';

import type { Queryable } from './client.ts';
import { publishedPatients, publishedProxies } from './schema/patient.ts';
import { statement } from './statement.ts';

const isPatient = statement(
  'is_patient',
  sql`SELECT FROM ${publishedPatients} WHERE country_code = ${sql.placeholder('country')} AND id = ${sql.placeholder('id')}`,
);

export async function hasPatient(db: Queryable, country: string, id: string): Promise<boolean> {
  const { rowCount } = await isPatient(db, { country, id });
  return rowCount === 1;
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
