import { and, asc, eq, gt, isNull, lte, or, type SQL } from 'drizzle-orm';

import type { Queryable } from './client.ts';
import { publishedStandIns } from './schema/practitioner.ts';

const { country: ofCountry, practitionerId, standInId, validFrom, validUntil } = publishedStandIns;

/** Who is called beside a practitioner who does not answer. */
export async function listStandInIds(
  reader: Queryable,
  country: string,
  absentId: string,
  now: Temporal.Instant,
): Promise<string[]> {
  const theirs = and(eq(ofCountry, country), eq(practitionerId, absentId), isValid(now));
  const found = await reader.select({ id: standInId }).from(publishedStandIns).where(theirs).orderBy(asc(standInId));
  return found.map(({ id }) => id);
}

/** Beside whom a practitioner is called. */
export async function listStoodInFor(
  reader: Queryable,
  country: string,
  calledId: string,
  now: Temporal.Instant,
): Promise<string[]> {
  const theirs = and(eq(ofCountry, country), eq(standInId, calledId), isValid(now));
  const found = await reader.select({ id: practitionerId }).from(publishedStandIns).where(theirs);
  return found.map(({ id }) => id);
}

function isValid(now: Temporal.Instant): SQL | undefined {
  return and(lte(validFrom, now), or(isNull(validUntil), gt(validUntil, now)));
}
