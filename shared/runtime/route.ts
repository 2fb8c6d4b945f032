import type { OperationContract } from '../../schemas/api/contract.ts';
import type { EventContract } from '../../schemas/events/contract.ts';
import type { EventHandler, Operation, Route, Subscription } from './function.ts';

// The edge calls an operation or a handler only with what its own contract has parsed, so the narrower parameter
// is safe where the wider type is named. These two casts are the only ones; nothing else builds a Route or Subscription.

/** Binds a contract to the operation that keeps it. */
export function route<Contract extends OperationContract>(
  contract: Contract,
  operation: Operation<NoInfer<Contract>>,
): Route {
  return { contract, operation: operation as Operation<OperationContract> };
}

/** Binds a contract to the handler of its events. */
export function subscribe<Contract extends EventContract>(
  contract: Contract,
  handler: EventHandler<NoInfer<Contract>>,
): Subscription {
  return { contract, handler: handler as EventHandler<EventContract> };
}
