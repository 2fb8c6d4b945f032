import { and, eq, sql } from 'drizzle-orm';

import type { Queryable } from './client.ts';
import { publishedVisitTypes } from './schema/practitioner.ts';

export type VisitTypeRow = typeof publishedVisitTypes.$inferSelect;

export type FindVisitType = (country: string, id: string) => Promise<VisitTypeRow | undefined>;

/** Reads visit types as their practitioners publish them, each by a statement that is planned once per connection. */
export function prepareFindVisitType(db: Queryable): FindVisitType {
  const statement = db
    .select()
    .from(publishedVisitTypes)
    .where(
      and(
        eq(publishedVisitTypes.country, sql.placeholder('country')),
        eq(publishedVisitTypes.id, sql.placeholder('id')),
      ),
    )
    .prepare('find_visit_type');
  return async (country, id) => (await statement.execute({ country, id }))[0];
}
