import { and, eq, inArray } from 'drizzle-orm';

import type { Queryable } from './client.ts';
import { publishedPractitioners } from './schema/practitioner.ts';

/** Those of the ids that are practitioners of the country. */
export async function listPractitionerIds(db: Queryable, country: string, ids: readonly string[]): Promise<string[]> {
  if (ids.length === 0) return [];
  const found = await db
    .select({ id: publishedPractitioners.id })
    .from(publishedPractitioners)
    .where(and(eq(publishedPractitioners.country, country), inArray(publishedPractitioners.id, [...ids])));
  return found.map(({ id }) => id);
}
