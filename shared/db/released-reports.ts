import { and, eq, inArray, isNotNull } from 'drizzle-orm';

import type { Queryable } from './client.ts';
import { publishedReports } from './schema/laboratory.ts';

/** Whether the patient of the reports may see any of them now. */
export async function isAnyReleased(
  reader: Queryable,
  country: string,
  reportIds: readonly string[],
): Promise<boolean> {
  const among = and(inArray(publishedReports.reportId, [...reportIds]), eq(publishedReports.country, country));
  const found = await reader
    .select({ reportId: publishedReports.reportId })
    .from(publishedReports)
    .where(and(among, isNotNull(publishedReports.releasedAt)))
    .limit(1);
  return found.length > 0;
}
