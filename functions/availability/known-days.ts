import type { DayBits } from '../../shared/domain/day-bits.ts';
import { AppError } from '../../shared/errors.ts';
import type { Deps } from './deps.ts';
import { datesToLookAt, type Question } from './question.ts';
import { rebuild } from './rebuild.ts';

/** What the bitmap says of a day; undefined where it knows nothing. */
export type BitsOn = (date: Temporal.PlainDate) => DayBits | undefined;

/**
 * Reads the bitmap in one round trip; what is missing of the days asked for, or stale, is rebuilt and read again. Redis is a
 * hint: without it nothing is known.
 * @returns one for each question.
 */
export async function readKnownDays(deps: Deps, country: string, questions: readonly Question[]): Promise<BitsOn[]> {
  try {
    const known = await read(deps, country, questions);
    const doubtful = questions.filter((question, place) => isStale(question) || lacksDays(known[place], question));
    if (doubtful.length === 0) return known;
    const ids = doubtful.map(({ practice }) => practice.practitionerId);
    const rebuilt = await rebuild(deps, country, ids);
    const again = await read(deps, country, questions);
    return questions.map((question, place) =>
      isStale(question) && !rebuilt.has(question.practice.practitionerId)
        ? knowsNothing
        : (again[place] ?? knowsNothing),
    );
  } catch (error) {
    if (error instanceof AppError && error.code === 'unavailable') return questions.map(() => knowsNothing);
    throw error;
  }
}

async function read({ bitmapOf }: Deps, country: string, questions: readonly Question[]): Promise<BitsOn[]> {
  const bitmap = bitmapOf(country);
  const firsts = questions.flatMap((question) => datesToLookAt(question).slice(0, 1));
  const [from] = firsts.toSorted((one, other) => Temporal.PlainDate.compare(one, other));
  if (from === undefined) return questions.map(() => knowsNothing);
  const ordinals = questions.map(({ practice }) => practice.ordinal);
  const rows = await bitmap.readMany(ordinals, from, bitmap.windowDays);
  return rows.map((days) => (date) => days[from.until(date).days]);
}

function isStale({ practice }: Question): boolean {
  return practice.rowIsStale;
}

function knowsNothing(): undefined {
  return undefined;
}

/** A day that the window cannot hold is not missing. */
function lacksDays(bitsOn: BitsOn | undefined, question: Question): boolean {
  return datesToLookAt(question).some(
    (date) => Temporal.PlainDate.compare(date, question.windowEnd) < 0 && bitsOn?.(date) === undefined,
  );
}
