import type { Database } from '../../shared/db/client.ts';
import type { Publisher } from '../../shared/events/publisher.ts';

/** What the operations and handlers of this function are lent. */
export type Deps = {
  readonly db: Database;
  /** The patient context, as far as it publishes itself. */
  readonly patients: Database;
  readonly publish: Publisher['publish'];
  readonly now: () => Temporal.Instant;
};
