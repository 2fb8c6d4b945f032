import { and, eq, gt, isNull, lte, or } from 'drizzle-orm';

import type { Queryable } from './client.ts';
import { publishedProxies } from './schema/patient.ts';

/** Whether somebody is the patient's guardian at `now`: a proxy whom the patient named is none. */
export async function isGuardian(
  reader: Queryable,
  { patientId, guardianId }: { readonly patientId: string; readonly guardianId: string },
  now: Temporal.Instant,
): Promise<boolean> {
  const { proxyId, relation, validFrom, validUntil } = publishedProxies;
  const found = await reader
    .select({ proxyId })
    .from(publishedProxies)
    .where(
      and(
        eq(publishedProxies.patientId, patientId),
        eq(proxyId, guardianId),
        eq(relation, 'guardian'),
        lte(validFrom, now),
        or(isNull(validUntil), gt(validUntil, now)),
      ),
    );
  return found.length > 0;
}
