import type * as z from 'zod';

import type { Order } from '../../schemas/api/customer.ts';
import { takeCustomerTurn } from '../../shared/db/accounts.ts';
import { lockOrder } from '../../shared/db/orders.ts';
import type { OrderRow } from '../../shared/db/schema/account.ts';
import type { OrderStatus } from '../../shared/domain/order.ts';
import { AppError } from '../../shared/errors.ts';
import type { Answer, RequestContext } from '../../shared/runtime/function.ts';
import { mustMatch, reachOrder } from './access.ts';
import { advance, type Step } from './advance.ts';
import { commit, saveAnswer } from './change.ts';
import type { Deps } from './deps.ts';
import { represent } from './order-representation.ts';

type Asked = { readonly country: string; readonly id: string } & Step['known'];

/** `POST /{country}/orders/{id}/...`: one step on, with what became known by it. A payment that is noted already stays noted. */
export function moveOrder(deps: Deps, to: OrderStatus) {
  return async (
    { country, id, ...known }: Asked,
    { caller, ifMatch, idempotency, traceparent }: RequestContext,
  ): Promise<Answer<z.infer<typeof Order>>> => {
    const { order: found, actor } = await reachOrder(deps, caller, { country, id });
    mustFit(found, known);
    const body = await commit(deps, async (tx) => {
      await takeCustomerTurn(tx, found.patientId);
      const former = await lockOrder(tx, { country, id });
      const isNoted = to === 'paid' && former.paymentReference === known.paymentReference;
      if (!isNoted) mustMatch(former.version, ifMatch);
      const step = { to, known, actor, now: deps.now(), traceparent };
      const { result, events } = isNoted ? { result: former, events: [] } : await advance(tx, former, step);
      const answer = represent(result);
      await saveAnswer(tx, idempotency, { status: 200, body: answer });
      return { result: answer, events };
    });
    return { body };
  };
}

/** A panel has no kit. */
function mustFit({ kind }: OrderRow, { testKitId }: NonNullable<Step['known']>): void {
  if (kind === 'test-kit' || testKitId === undefined) return;
  const errors = [{ path: '/testKitId', message: 'Goes with the order of a test kit' }];
  throw new AppError('invalid-input', 'See errors for what to mend.', { errors });
}
