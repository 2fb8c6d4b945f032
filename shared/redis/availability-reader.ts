import type { Redis } from 'ioredis';

import { firstFreeRun, isFreeRun, type DayBits } from '../domain/day-bits.ts';
import { AppError } from '../errors.ts';
import { placeOf, type Layout } from './availability-layout.ts';
import { createPackPlaces } from './availability-places.ts';
import { dateOf, decodeDays, epochDay, freedomOf, latestToday, type EpochDay } from './availability-row.ts';

/** Day by day; `undefined` where nothing is known, so that it is rebuilt and never taken for free or full. */
export type KnownDays = readonly (DayBits | undefined)[];

export type FreeAndUnknown = { readonly free: number[]; readonly unknown: number[] };
export type FirstFree = { readonly date: Temporal.PlainDate; readonly slot: number } | 'none' | 'unknown';
export type PreCheck = 'free' | 'busy' | 'unknown';

export type AvailabilityReader = {
  read(ordinal: number, from: Temporal.PlainDate, days: number): Promise<KnownDays>;
  /** In the order of the ordinals, in one round trip. */
  readMany(ordinals: readonly number[], from: Temporal.PlainDate, days: number): Promise<KnownDays[]>;
  /** Of many practitioners those with a free slot and those of whom it cannot be said, in one round trip. */
  withFreeSlot(ordinals: readonly number[], from: Temporal.PlainDate, days: number): Promise<FreeAndUnknown>;
  /** The first slot, on `from` or a later day of the window, from which so many slots of the day are free. */
  firstFree(ordinal: number, from: Temporal.PlainDate, slotsNeeded: number): Promise<FirstFree>;
  /** Whether slots of a day are all free: refuses what is hopeless before the database is asked. Without Redis, `unknown`. */
  preCheck(ordinal: number, date: Temporal.PlainDate, firstSlot: number, slotCount: number): Promise<PreCheck>;
};

export function createAvailabilityReader(
  redis: Redis,
  layout: Layout,
  now: () => Temporal.Instant,
): AvailabilityReader {
  const packPlaces = createPackPlaces(layout);
  const wanted = (from: EpochDay, days: number) => ({ from, days, latest: latestToday(now()) });

  async function read(ordinal: number, from: EpochDay, days: number): Promise<KnownDays> {
    const { key, offset } = placeOf(layout, ordinal);
    const row = await redis.getrangeBuffer(key, offset, offset + layout.rowBytes - 1);
    return decodeDays(layout, row, 0, wanted(from, days));
  }

  async function rowsOf(ordinals: readonly number[]): Promise<Buffer> {
    if (ordinals.length === 0) return Buffer.alloc(0);
    return redis.availabilityRowsBuffer(layout.keyPrefix, packPlaces(ordinals), layout.rowBytes);
  }

  return {
    read: (ordinal, from, days) => read(ordinal, epochDay(from), days),
    async readMany(ordinals, from, days) {
      const rows = await rowsOf(ordinals);
      const asked = wanted(epochDay(from), days);
      return ordinals.map((_, index) => decodeDays(layout, rows, index * layout.rowBytes, asked));
    },
    async withFreeSlot(ordinals, from, days) {
      const rows = await rowsOf(ordinals);
      const asked = wanted(epochDay(from), days);
      const said = ordinals.map((_, index) => freedomOf(layout, rows, index * layout.rowBytes, asked));
      const those = (what: string) => ordinals.filter((_, index) => said[index] === what);
      return { free: those('free'), unknown: those('unknown') };
    },
    async firstFree(ordinal, from, slotsNeeded) {
      const first = epochDay(from);
      const known = await read(ordinal, first, layout.days);
      return firstFreeOf(known, first, slotsNeeded);
    },
    async preCheck(ordinal, date, firstSlot, slotCount) {
      const [bits] = await read(ordinal, epochDay(date), 1).catch(knowingNothing);
      if (bits === undefined) return 'unknown';
      return isFreeRun(bits, firstSlot, slotCount) ? 'free' : 'busy';
    },
  };
}

/** Days after the window's end do not count: it is searched as far as it goes. */
function firstFreeOf(days: KnownDays, from: EpochDay, slotsNeeded: number): FirstFree {
  for (const [index, bits] of days.entries()) {
    if (bits === undefined) return index === 0 ? 'unknown' : 'none';
    const slot = firstFreeRun(bits, slotsNeeded);
    if (slot !== undefined) return { date: dateOf(from + index), slot };
  }
  return 'none';
}

function knowingNothing(error: unknown): KnownDays {
  if (error instanceof AppError && error.code === 'unavailable') return [];
  throw error;
}
