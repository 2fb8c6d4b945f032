import { dayBytes } from '../domain/day-bits.ts';
import { gridFault, type Grid } from '../domain/grid.ts';

/**
 * How rows lie in Redis. A practitioner's row is one stamp byte (availability-row.ts) and then the days of their window, each
 * in whole bytes. Rows stand side by side in blocks: strings that fill one class of the allocator (jemalloc) nearly to its
 * end, behind a head of two bytes that holds the newest window start in the block as an epoch day.
 */
export type Layout = {
  readonly days: number;
  readonly dayBytes: number;
  readonly rowBytes: number;
  readonly rowsPerBlock: number;
  readonly blockBytes: number;
  /** A block's key is this and its number. */
  readonly keyPrefix: string;
  readonly grid: Grid;
};

export const HEAD_BYTES = 2;
export const STAMP_BYTES = 1;

/** An allocator class of 32 KiB, less what Redis puts around a string of that size: five bytes before it and one after. */
const BLOCK_BYTES = 32_768 - 6;

/** Stamps repeat after 255 days: two windows have to fit between (see `windowStartOf`). */
const MAX_DAYS = 125;

export type LayoutOptions = { readonly country: string; readonly grid: Grid; readonly days: number };

/**
 * The key names all that the bits' meaning depends on, so that what another grid or window wrote is unknown, never misread.
 * Its braces keep a country's blocks on one node of a cluster, where one script reads many.
 */
export function createLayout({ country, grid, days }: LayoutOptions): Layout {
  const fault = gridFault(grid);
  if (fault !== undefined) throw new RangeError(`No such grid: ${fault}.`);
  if (!Number.isInteger(days) || days < 1 || days > MAX_DAYS)
    throw new RangeError(`A window has 1 to ${MAX_DAYS} days.`);
  const rowBytes = STAMP_BYTES + days * dayBytes(grid);
  const rowsPerBlock = Math.floor((BLOCK_BYTES - HEAD_BYTES) / rowBytes);
  return {
    grid,
    days,
    dayBytes: dayBytes(grid),
    rowBytes,
    rowsPerBlock,
    blockBytes: HEAD_BYTES + rowsPerBlock * rowBytes,
    keyPrefix: `availability:{${country}}:${grid.firstSlotMinute}+${grid.slotsPerDay}x${grid.slotMinutes}/${days}:`,
  };
}
