import type { Database } from '../../shared/db/client.ts';
import type { InsertAtOnce } from '../../shared/db/group-insert.ts';
import type { Publisher } from '../../shared/events/publisher.ts';
import type { SlotHints } from './slot-hints.ts';
import type { Lookups } from './lookups.ts';

/** What the operations of this function are lent. */
export type Deps = {
  readonly db: Database;
  readonly insertAtOnce: InsertAtOnce;
  readonly lookups: Lookups;
  readonly hints: SlotHints;
  readonly publish: Publisher['publish'];
  readonly now: () => Temporal.Instant;
  readonly holdMinutes: number;
};
