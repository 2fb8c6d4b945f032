import { setImmediate as nextTurn } from 'node:timers/promises';

import type { Change, Changes, Position } from './availability-changes.ts';
import { createFreeDays, type Seen } from './availability-free-days.ts';
import type { Layout } from './availability-layout.ts';
import { freedomOf, type Freedom, type WantedDays } from './availability-row.ts';
import type { AvailabilityRows } from './availability-rows.ts';

/** Practitioners with a free slot, and those of whom it cannot be said; the others have none. */
export type FreeAndUnknown = { readonly free: number[]; readonly unknown: number[] };

export type AvailabilitySearch = (ordinals: readonly number[], wanted: WantedDays) => Promise<FreeAndUnknown>;

/**
 * Answers from copies in the process. One round trip tells what has changed since they were made and fetches what there is no
 * copy of; who is asked for and has just changed takes a second one.
 *
 * Every copy was made at or after `position`, so whatever it has not seen is still to come from there. That is why copies are
 * kept only where nobody else has moved the position meanwhile. To drop one is always right.
 */
export function createAvailabilitySearch(layout: Layout, rows: AvailabilityRows, changes: Changes): AvailabilitySearch {
  const copies = createFreeDays(layout);
  let position: Position | undefined;

  async function search(ordinals: readonly number[], wanted: WantedDays): Promise<FreeAndUnknown> {
    const since = position;
    if (since === undefined) return startAfresh(ordinals, wanted);
    const [news, { before, found }] = await Promise.all([changes.since(since), lookMeanwhile(ordinals, wanted)]);
    if (news === undefined) return startAfresh(ordinals, wanted);
    for (const { first, count } of news.changes) copies.drop(first, count);
    if (position === since) keep(before.missing, found, wanted, news.position);
    if (before.missing.length === 0 && !concern(news.changes, ordinals)) return before;
    const after = copies.look(ordinals, wanted);
    const late = await read(after.missing, wanted);
    return { free: [...after.free, ...late.free], unknown: [...after.unknown, ...late.unknown] };
  }

  /** To look takes about as long as an answer: it is done while the question that came before is on its way. */
  async function lookMeanwhile(
    ordinals: readonly number[],
    wanted: WantedDays,
  ): Promise<{ before: Seen; found: Buffer }> {
    await nextTurn();
    const before = copies.look(ordinals, wanted);
    return { before, found: await rows.many(before.missing) };
  }

  async function startAfresh(ordinals: readonly number[], wanted: WantedDays): Promise<FreeAndUnknown> {
    copies.clear();
    position = undefined;
    const [newest, found] = await Promise.all([changes.newest(), rows.many(ordinals)]);
    if (position === undefined && newest !== undefined) keep(ordinals, found, wanted, newest);
    return sort(ordinals, found, wanted);
  }

  async function read(ordinals: readonly number[], wanted: WantedDays): Promise<FreeAndUnknown> {
    const at = position;
    const found = await rows.many(ordinals);
    if (at !== undefined && position === at) keep(ordinals, found, wanted, at);
    return sort(ordinals, found, wanted);
  }

  function keep(ordinals: readonly number[], found: Buffer, { latest }: WantedDays, at: Position): void {
    position = at;
    ordinals.forEach((ordinal, index) => copies.keep(ordinal, found, index * layout.rowBytes, latest));
  }

  function sort(ordinals: readonly number[], found: Buffer, wanted: WantedDays): FreeAndUnknown {
    const sorted: Record<Freedom, number[]> = { free: [], none: [], unknown: [] };
    ordinals.forEach((ordinal, index) =>
      sorted[freedomOf(layout, found, index * layout.rowBytes, wanted)].push(ordinal),
    );
    return sorted;
  }

  return search;
}

function concern(changes: readonly Change[], ordinals: readonly number[]): boolean {
  return changes.some(({ first, count }) => ordinals.some((ordinal) => first <= ordinal && ordinal < first + count));
}
