import type * as z from 'zod';

import type { Order } from '../../schemas/api/customer.ts';
import { takeCustomerTurn } from '../../shared/db/accounts.ts';
import { lockOrder } from '../../shared/db/orders.ts';
import type { OrderStatus } from '../../shared/domain/order.ts';
import type { Answer, RequestContext } from '../../shared/runtime/function.ts';
import { mustMatch, reachOrder } from './access.ts';
import { advance, type Step } from './advance.ts';
import { commit, saveAnswer } from './change.ts';
import type { Deps } from './deps.ts';
import { represent } from './order-representation.ts';

type Asked = { readonly country: string; readonly id: string } & Step['known'];

/** `POST /{country}/orders/{id}/...`: one step on, with what became known by it. */
export function moveOrder(deps: Deps, to: OrderStatus) {
  return async (
    { country, id, ...known }: Asked,
    { caller, ifMatch, idempotency, traceparent }: RequestContext,
  ): Promise<Answer<z.infer<typeof Order>>> => {
    const { order: found, actor } = await reachOrder(deps, caller, { country, id });
    const body = await commit(deps, async (tx) => {
      await takeCustomerTurn(tx, found.patientId);
      const former = await lockOrder(tx, { country, id });
      mustMatch(former.version, ifMatch);
      const { result, events } = await advance(tx, former, { to, known, actor, now: deps.now(), traceparent });
      const answer = represent(result);
      await saveAnswer(tx, idempotency, { status: 200, body: answer });
      return { result: answer, events };
    });
    return { body };
  };
}
