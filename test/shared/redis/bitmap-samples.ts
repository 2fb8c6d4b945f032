import type { Redis } from 'ioredis';

import { dayBits, type DayBits } from '../../../shared/domain/day-bits.ts';
import { defaultGrid } from '../../../shared/domain/grid.ts';
import {
  type AvailabilityBitmap,
  type BitmapOptions,
  createAvailabilityBitmap,
} from '../../../shared/redis/availability-bitmap.ts';

export const DAYS = 14;
export const TODAY = Temporal.PlainDate.from('2026-03-10');

/** The bitmap as a process sees it at noon of a day. */
export function bitmapOn(
  redis: Redis,
  today: Temporal.PlainDate,
  options: Partial<BitmapOptions> = {},
): AvailabilityBitmap {
  const noonMs = today.toZonedDateTime('UTC').epochMilliseconds + 12 * 3_600_000;
  return createAvailabilityBitmap(redis, {
    country: 'fr',
    grid: defaultGrid,
    days: DAYS,
    nowMs: () => noonMs,
    ...options,
  });
}

export function after(days: number): Temporal.PlainDate {
  return TODAY.add({ days });
}

export function free(...slots: number[]): DayBits {
  return dayBits(defaultGrid, slots);
}

/** A window of which each day has one free slot, another one on each day. */
export function aWindow(ordinal: number, start = TODAY, days = DAYS) {
  const date = start.toZonedDateTime('UTC').epochMilliseconds / 86_400_000;
  return { ordinal, start, days: Array.from({ length: days }, (_, day) => free((date + day) % 24)) };
}

export function fullWindow(ordinal: number, start = TODAY, days = DAYS) {
  return { ordinal, start, days: Array.from({ length: days }, () => free()) };
}

/** The keys of all blocks. */
export async function blockKeys(redis: Redis): Promise<string[]> {
  return (await redis.keys('availability:*')).filter((key) => !key.endsWith(':changes'));
}
