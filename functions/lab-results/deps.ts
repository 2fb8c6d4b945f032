import type { Database, Queryable } from '../../shared/db/client.ts';
import type { AppendEvents } from '../../shared/db/outbox-relay.ts';
import type { Publisher } from '../../shared/events/publisher.ts';

/** What the operations and handlers of this function are lent. */
export type Deps = {
  readonly db: Database;
  /** What the patient, the practitioner and the homekit context publish. */
  readonly patients: Queryable;
  readonly practitioners: Queryable;
  readonly kits: Queryable;
  /** Resolves when events are durable in the log. */
  readonly append: AppendEvents;
  readonly publish: Publisher['publish'];
  /** HL7 table 0103: what messages may be for. */
  readonly processingIds: ReadonlySet<string>;
  readonly now: () => Temporal.Instant;
};

/** What whatever is applied in a transaction happens at, and under whose trace. */
export type At = { readonly now: Temporal.Instant; readonly traceparent: string };
