import { and, eq, gt, isNull, lte, or, sql } from 'drizzle-orm';

import { AppError } from '../errors.ts';
import { ANSWER_TIMEOUT_MS, type Queryable } from './client.ts';
import { publishedPatients, publishedProxies } from './schema/patient.ts';
import { statement } from './statement.ts';

/** How long who has found a patient may go by it without asking again. */
export const PATIENT_KEEP_MS = 10_000;

/**
 * How long after an account is closed something may still be written of its patient: by who had found them just before, and then
 * waits twice for the database, in a group of bookings and in turn. The rest is what a request does besides.
 */
export const SETTLED_AFTER_MS = PATIENT_KEEP_MS + 2 * ANSWER_TIMEOUT_MS + 10_000;

const isPatient = statement(
  'is_patient',
  sql`SELECT FROM ${publishedPatients} WHERE country_code = ${sql.placeholder('country')} AND id = ${sql.placeholder('id')}`,
);

export async function hasPatient(db: Queryable, country: string, id: string): Promise<boolean> {
  const { rowCount } = await isPatient(db, { country, id });
  return rowCount === 1;
}

/** Throws `not-found` unless there is such a patient in the country, whom nobody is erasing. */
export async function mustBePatient(db: Queryable, country: string, id: string): Promise<void> {
  if (!(await hasPatient(db, country, id))) throw new AppError('not-found', 'There is no such patient.');
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
