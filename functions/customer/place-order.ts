import { randomUUIDv7 } from 'node:crypto';

import type { placeOrder as contract } from '../../schemas/api/customer.ts';
import { takeCustomerTurn } from '../../shared/db/accounts.ts';
import { orderMoved } from '../../shared/db/customer-events.ts';
import { insertOrder } from '../../shared/db/orders.ts';
import { mustBePatient } from '../../shared/db/patients.ts';
import type { Operation } from '../../shared/runtime/function.ts';
import { mustBeActive, mustSelect } from './access.ts';
import { commit, saveAnswer } from './change.ts';
import type { Deps } from './deps.ts';
import { represent } from './order-representation.ts';

/** `POST /{country}/orders`. */
export function placeOrder(deps: Deps): Operation<typeof contract> {
  return async ({ country, patientId: named, kind, item }, { caller, idempotency, traceparent }) => {
    const patientId = named.toLowerCase();
    const actor = await mustSelect(deps, caller, patientId);
    const body = await commit(deps, async (tx) => {
      await takeCustomerTurn(tx, patientId);
      await mustBePatient(tx, country, patientId);
      await mustBeActive(tx, patientId);
      const placedAt = deps.now();
      const place = { id: randomUUIDv7(), patientId, country, placedAt, changedAt: placedAt, ...actor };
      const unknown = { paymentReference: null, shipmentReference: null, testKitId: null, reportId: null };
      const order = { ...place, ...unknown, kind, item, version: 1, status: 'placed' } as const;
      await insertOrder(tx, order);
      const answer = represent(order);
      await saveAnswer(tx, idempotency, { status: 201, body: answer });
      return { result: answer, events: [orderMoved(order, traceparent)] };
    });
    return { body };
  };
}
