import type { Redis } from 'ioredis';

import type { Grid } from '../domain/grid.ts';
import { type AvailabilityBitmap, createAvailabilityBitmap } from './availability-bitmap.ts';

export type BitmapsOptions = {
  readonly gridOf: (country: string) => Grid;
  /** Days of a window, 1 to 125. */
  readonly days: number;
  /** The clock, where it is not this machine's. */
  readonly nowMs?: () => number;
};

/** The bitmap of each country, made when it is first asked for. */
export function createBitmaps(
  redis: Redis,
  { gridOf, ...options }: BitmapsOptions,
): (country: string) => AvailabilityBitmap {
  const bitmaps = new Map<string, AvailabilityBitmap>();
  return (country) => {
    const known = bitmaps.get(country);
    if (known) return known;
    const bitmap = createAvailabilityBitmap(redis, { country, grid: gridOf(country), ...options });
    bitmaps.set(country, bitmap);
    return bitmap;
  };
}
