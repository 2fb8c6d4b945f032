import { firstFreeRun, isFreeRun } from '../domain/day-bits.ts';
import { AppError } from '../errors.ts';
import type { Layout } from './availability-layout.ts';
import { decodeDays, epochDay, latestToday, type KnownDays } from './availability-row.ts';
import type { AvailabilityRows } from './availability-rows.ts';
import type { AvailabilitySearch, FreeAndUnknown } from './availability-search.ts';

export type FirstFree = { readonly date: Temporal.PlainDate; readonly slot: number } | 'none' | 'unknown';
export type PreCheck = 'free' | 'busy' | 'unknown';

export type AvailabilityReader = {
  read(ordinal: number, from: Temporal.PlainDate, days: number): Promise<KnownDays>;
  /** In the order of the ordinals, in one round trip. */
  readMany(ordinals: readonly number[], from: Temporal.PlainDate, days: number): Promise<KnownDays[]>;
  /** Of many practitioners those with a free slot, and those of whom it cannot be said (`createAvailabilitySearch`). */
  withFreeSlot(ordinals: readonly number[], from: Temporal.PlainDate, days: number): Promise<FreeAndUnknown>;
  /** The first slot, on `from` or a later day of the window, from which so many slots of the day are free. */
  firstFree(ordinal: number, from: Temporal.PlainDate, slotsNeeded: number): Promise<FirstFree>;
  /** Whether slots of a day are all free: refuses what is hopeless before the database is asked. Without Redis, `unknown`. */
  preCheck(ordinal: number, date: Temporal.PlainDate, firstSlot: number, slotCount: number): Promise<PreCheck>;
};

export function createAvailabilityReader(
  layout: Layout,
  rows: AvailabilityRows,
  search: AvailabilitySearch,
  nowMs: () => number,
): AvailabilityReader {
  const wanted = (from: Temporal.PlainDate, days: number) => ({
    from: epochDay(from),
    days,
    latest: latestToday(nowMs()),
  });

  async function read(ordinal: number, from: Temporal.PlainDate, days: number): Promise<KnownDays> {
    const row = rows.one(ordinal);
    // This can be worked out while the answer is on its way.
    const asked = wanted(from, days);
    return decodeDays(layout, await row, 0, asked);
  }

  return {
    read,
    async readMany(ordinals, from, days) {
      const found = await rows.many(ordinals);
      const asked = wanted(from, days);
      return ordinals.map((_, index) => decodeDays(layout, found, index * layout.rowBytes, asked));
    },
    async withFreeSlot(ordinals, from, days) {
      const { free, unknown } = await search(ordinals, wanted(from, days));
      return { free, unknown };
    },
    async firstFree(ordinal, from, slotsNeeded) {
      return firstFreeOf(await read(ordinal, from, layout.days), from, slotsNeeded);
    },
    async preCheck(ordinal, date, firstSlot, slotCount) {
      const [bits] = await read(ordinal, date, 1).catch(knowingNothing);
      if (bits === undefined) return 'unknown';
      return isFreeRun(bits, firstSlot, slotCount) ? 'free' : 'busy';
    },
  };
}

/** Days after the window's end do not count: it is searched as far as it goes. */
function firstFreeOf(days: KnownDays, from: Temporal.PlainDate, slotsNeeded: number): FirstFree {
  for (const [index, bits] of days.entries()) {
    if (bits === undefined) return index === 0 ? 'unknown' : 'none';
    const slot = firstFreeRun(bits, slotsNeeded);
    if (slot !== undefined) return { date: from.add({ days: index }), slot };
  }
  return 'none';
}

function knowingNothing(error: unknown): KnownDays {
  if (error instanceof AppError && error.code === 'unavailable') return [];
  throw error;
}
