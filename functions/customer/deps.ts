import type { Database } from '../../shared/db/client.ts';
import type { Publisher } from '../../shared/events/publisher.ts';
import type { Seals } from '../seals.ts';

/** What the operations of this function are lent. */
export type Deps = {
  readonly db: Database;
  readonly seals: Seals;
  readonly publish: Publisher['publish'];
  readonly now: () => Temporal.Instant;
};
