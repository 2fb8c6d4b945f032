import { AppError } from '../../shared/errors.ts';

/** A place in an order by time, then id. */
export type Place = { readonly at: Temporal.Instant; readonly id: string };

const PLACE = /^(\d{4}-[\d:.TZ-]{10,30}) ([\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12})$/;

function writeCursor({ at, id }: Place): string {
  return Buffer.from(`${at.toString()} ${id}`).toString('base64url');
}

/** Throws `invalid-input` for what no page was answered with. */
export function readCursor(cursor: string | undefined): Place | undefined {
  if (cursor === undefined) return undefined;
  const [, at, id] = PLACE.exec(Buffer.from(cursor, 'base64url').toString()) ?? [];
  const instant = at === undefined ? undefined : instantOf(at);
  if (instant === undefined || id === undefined) {
    throw new AppError('invalid-input', 'The cursor is not one that a page was answered with.');
  }
  return { at: instant, id };
}

function instantOf(text: string): Temporal.Instant | undefined {
  try {
    return Temporal.Instant.from(text);
  } catch {
    return undefined;
  }
}

/** A page of what was asked for with one more, and the cursor of the next if that one was there. */
export function pageOf<Item>(
  found: readonly Item[],
  limit: number,
  placeOf: (item: Item) => Place,
): { readonly items: Item[]; readonly nextCursor: string | null } {
  const items = found.slice(0, limit);
  const last = found.length > limit ? items.at(-1) : undefined;
  return { items, nextCursor: last === undefined ? null : writeCursor(placeOf(last)) };
}

const ID = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/;

/** The cursor of a page in the order of ids alone. */
export function writeIdCursor(id: string): string {
  return Buffer.from(id).toString('base64url');
}

/** Throws `invalid-input` for what no page was answered with. */
export function readIdCursor(cursor: string | undefined): string | undefined {
  if (cursor === undefined) return undefined;
  const id = Buffer.from(cursor, 'base64url').toString();
  if (ID.test(id)) return id;
  throw new AppError('invalid-input', 'The cursor is not one that a page was answered with.');
}
