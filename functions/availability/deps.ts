import type { Database } from '../../shared/db/client.ts';
import type { Grid } from '../../shared/domain/grid.ts';
import type { Publisher } from '../../shared/events/publisher.ts';
import type { AvailabilityBitmap } from '../../shared/redis/availability-bitmap.ts';

/** What the operations and handlers of this function are lent. */
export type Deps = {
  readonly db: Database;
  readonly bitmapOf: (country: string) => AvailabilityBitmap;
  readonly gridOf: (country: string) => Grid;
  readonly publish: Publisher['publish'];
  readonly now: () => Temporal.Instant;
};
