import type { OperationContract } from '../../schemas/api/contract.ts';
import type { EventContract } from '../../schemas/events/contract.ts';
import type { EventHandler, Operation, Route, Subscription } from './function.ts';

/** Binds a contract to the operation that keeps it. */
export function route<Contract extends OperationContract>(
  contract: Contract,
  operation: Operation<NoInfer<Contract>>,
): Route {
  return { contract, operation };
}

/** Binds a contract to the handler of its events. */
export function subscribe<Contract extends EventContract>(
  contract: Contract,
  handler: EventHandler<NoInfer<Contract>>,
): Subscription {
  // The edge calls a handler only with an event that this contract has parsed, so the narrower parameter is safe.
  return { contract, handler: handler as EventHandler<EventContract> };
}
