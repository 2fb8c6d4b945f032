import type { getOrder as contract } from '../../schemas/api/customer.ts';
import type { Operation } from '../../shared/runtime/function.ts';
import { reachOrder } from './access.ts';
import type { Deps } from './deps.ts';
import { represent } from './order-representation.ts';

/** `GET /{country}/orders/{id}`. */
export function getOrder(deps: Deps): Operation<typeof contract> {
  return async (id, { caller }) => {
    const { order } = await reachOrder(deps, caller, id);
    return { body: represent(order) };
  };
}
