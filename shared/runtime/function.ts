import type { Logger } from 'pino';

import type { InputOf, OperationContract, OutputOf } from '../../schemas/api/contract.ts';
import type { EventContract, EventOf } from '../../schemas/events/contract.ts';
import type { Caller } from '../domain/caller.ts';
import type { IdempotencyClaim, SavedAnswer } from '../domain/idempotency.ts';

export type RequestContext = {
  readonly caller: Caller;
  readonly log: Logger;
  /** W3C `traceparent` to hand on: the request's own span. */
  readonly traceparent: string;
  /** Present when the caller sent a key: the operation saves its answer under it in its own transaction. */
  readonly idempotency: IdempotencyClaim | undefined;
  /** The version named by `If-Match`. */
  readonly ifMatch: number | undefined;
  /** Which of the contract's `answers` the caller would rather have than JSON. */
  readonly preferred: string | undefined;
};

/** `headers` beside those the edge sets; a body with a `version` becomes the `ETag`. */
export type Answer<Body> = { readonly body: Body; readonly headers?: Readonly<Record<string, string>> };

/** Goes out as it is. The status is the one the contract gives the media type, unless there is another. */
export type WrittenAnswer = {
  readonly written: string | Buffer;
  readonly mediaType: string;
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
};

export type Operation<Contract extends OperationContract> = (
  input: InputOf<Contract>,
  context: RequestContext,
) => Promise<Answer<OutputOf<Contract>> | WrittenAnswer>;

export type EventContext = {
  readonly log: Logger;
  readonly traceparent: string;
};

/** Resolves when the effect is committed. Throws AppError: the edge decides from its code whether a redelivery helps. */
export type EventHandler<Contract extends EventContract> = (
  event: EventOf<Contract>,
  context: EventContext,
) => Promise<void>;

/** A contract bound to the operation that keeps it. */
export type Route = { readonly contract: OperationContract; readonly operation: Operation<OperationContract> };
export type Subscription = { readonly contract: EventContract; readonly handler: EventHandler<EventContract> };

/** What a workload is, whichever door it is behind. */
export type CareflowFunction = {
  readonly name: string;
  readonly routes: readonly Route[];
  readonly subscriptions: readonly Subscription[];
  /** Turns an `Authorization` header into a caller, or throws `unauthenticated`. Needed when there are routes. */
  readonly authenticate?: (authorization: string | undefined) => Promise<Caller>;
  /** The answer saved under an idempotency key by an earlier request. */
  readonly findAnswer?: (claim: IdempotencyClaim) => Promise<SavedAnswer | undefined>;
  /** Counts a request; throws `rate-limited`. Resolves to the `RateLimit-*` headers. */
  readonly limit?: (caller: Caller | undefined, address: string) => Promise<Readonly<Record<string, string>>>;
  /** Each resolves when the dependency answers; `/health/ready` names those that do not. */
  readonly dependencies: Readonly<Record<string, () => Promise<unknown>>>;
  /** Tells at `/metrics`, in the Prometheus text format, what is watched of the platform. */
  readonly metrics?: () => Promise<string>;
  /** Finishes what is under way after the last answer, then closes connections. */
  readonly close: () => Promise<void>;
};

export type Environment = Readonly<Record<string, string | undefined>>;

/** What `functions/<workload>/index.ts` exports as `open`. */
export type OpenFunction = (environment: Environment, log: Logger) => Promise<CareflowFunction>;
