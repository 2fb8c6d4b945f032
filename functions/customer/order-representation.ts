import type * as z from 'zod';

import type { Order } from '../../schemas/api/customer.ts';
import type { OrderRow } from '../../shared/db/schema/account.ts';

/** An order as the API shows it. */
export function represent(order: OrderRow): z.infer<typeof Order> {
  const { id, patientId, kind, item, status, version, placedAt, changedAt } = order;
  const { paymentReference, shipmentReference, testKitId, reportId } = order;
  return {
    id,
    patientId,
    kind,
    item,
    status,
    version,
    placedAt: placedAt.toString(),
    changedAt: changedAt.toString(),
    ...(paymentReference !== null && { paymentReference }),
    ...(shipmentReference !== null && { shipmentReference }),
    ...(testKitId !== null && { testKitId }),
    ...(reportId !== null && { reportId }),
  };
}
