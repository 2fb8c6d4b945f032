import { and, eq } from 'drizzle-orm';

import type { Queryable } from './client.ts';
import { publishedVisitTypes } from './schema/practitioner.ts';

export type VisitTypeRow = typeof publishedVisitTypes.$inferSelect;

/** A visit type as its practitioner publishes it. */
export async function findVisitType(db: Queryable, country: string, id: string): Promise<VisitTypeRow | undefined> {
  const [visitType] = await db
    .select()
    .from(publishedVisitTypes)
    .where(and(eq(publishedVisitTypes.country, country), eq(publishedVisitTypes.id, id)));
  return visitType;
}
