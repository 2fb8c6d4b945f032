import type { Logger } from 'pino';

import type { Caller } from '../domain/caller.ts';
import type { IdempotencyClaim } from '../domain/idempotency.ts';
import type { EventContext, RequestContext } from './function.ts';
import type { Span } from './trace-context.ts';

// Classes, so that a log is made when it is asked for: most operations and handlers write no line of their own.

export class EventHandling implements EventContext {
  readonly traceparent: string;
  readonly #span: Span;
  readonly #log: Logger;

  constructor(span: Span, log: Logger) {
    this.traceparent = span.traceparent;
    this.#span = span;
    this.#log = log;
  }

  get log(): Logger {
    return spanLog(this.#log, this.#span);
  }
}

type Asked = Pick<RequestContext, 'caller' | 'idempotency' | 'ifMatch' | 'preferred'>;

export class RequestHandling implements RequestContext {
  readonly caller: Caller;
  readonly idempotency: IdempotencyClaim | undefined;
  readonly ifMatch: number | undefined;
  readonly preferred: string | undefined;
  readonly traceparent: string;
  readonly #span: Span;
  readonly #log: Logger;

  constructor({ caller, idempotency, ifMatch, preferred }: Asked, span: Span, log: Logger) {
    this.caller = caller;
    this.idempotency = idempotency;
    this.ifMatch = ifMatch;
    this.preferred = preferred;
    this.traceparent = span.traceparent;
    this.#span = span;
    this.#log = log;
  }

  get log(): Logger {
    return spanLog(this.#log, this.#span);
  }
}

/** The log of one span. */
export function spanLog(log: Logger, { traceId, spanId }: Span): Logger {
  return log.child({ traceId, spanId });
}
