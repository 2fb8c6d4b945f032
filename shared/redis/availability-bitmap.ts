import type { Redis } from 'ioredis';

import { createLayout, type LayoutOptions } from './availability-layout.ts';
import { createAvailabilityReader, type AvailabilityReader } from './availability-reader.ts';
import { defineAvailabilityCommands } from './availability-scripts.ts';
import { createAvailabilityWriter, type AvailabilityWriter } from './availability-writer.ts';

/**
 * Which slots of a country's practitioners are free, day by day from today on; a practitioner is addressed by their ordinal,
 * counted from 0 per country without large gaps, and days are the practitioner's local days. It is a hint that may be
 * lost at any time, PostgreSQL decides: what is lost reads as unknown, never as free or full. Where Redis does not answer,
 * everything but `preCheck` throws AppError `unavailable`.
 */
export type AvailabilityBitmap = AvailabilityReader & AvailabilityWriter & { readonly windowDays: number };

export type BitmapOptions = LayoutOptions & { readonly now?: () => Temporal.Instant };

export function createAvailabilityBitmap(redis: Redis, options: BitmapOptions): AvailabilityBitmap {
  const { now = () => Temporal.Now.instant() } = options;
  const layout = createLayout(options);
  defineAvailabilityCommands(redis);
  return {
    windowDays: layout.days,
    ...createAvailabilityReader(redis, layout, now),
    ...createAvailabilityWriter(redis, layout, now),
  };
}
