import type { Redis } from 'ioredis';

import { createChanges } from './availability-changes.ts';
import { createLayout, type LayoutOptions } from './availability-layout.ts';
import { createPlaces } from './availability-places.ts';
import { createAvailabilityReader, type AvailabilityReader } from './availability-reader.ts';
import { createAvailabilityRows } from './availability-rows.ts';
import { createAvailabilitySearch } from './availability-search.ts';
import { defineAvailabilityCommands } from './availability-scripts.ts';
import { createAvailabilityWriter, type AvailabilityWriter } from './availability-writer.ts';

/**
 * Which slots of a country's practitioners are free, day by day from today on; a practitioner is addressed by their ordinal,
 * counted from 0 per country without large gaps, and days are the practitioner's local days. It is a hint that may be
 * lost at any time, PostgreSQL decides: what is lost reads as unknown, never as free or full. Where Redis does not answer,
 * everything but `preCheck` throws AppError `unavailable`.
 */
export type AvailabilityBitmap = AvailabilityReader & AvailabilityWriter & { readonly windowDays: number };

export type BitmapOptions = LayoutOptions & { readonly nowMs?: () => number };

export function createAvailabilityBitmap(redis: Redis, options: BitmapOptions): AvailabilityBitmap {
  const { nowMs = Date.now } = options;
  const layout = createLayout(options);
  const places = createPlaces(layout);
  const rows = createAvailabilityRows(redis, layout, places);
  const search = createAvailabilitySearch(layout, rows, createChanges(redis, layout));
  defineAvailabilityCommands(redis);
  return {
    windowDays: layout.days,
    ...createAvailabilityReader(layout, rows, search, nowMs),
    ...createAvailabilityWriter(redis, layout, places, nowMs),
  };
}
