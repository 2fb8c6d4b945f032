import type { DayBits } from '../../shared/domain/day-bits.ts';
import { type BusySlot, busyTime, fitsAnyFreeSlot } from '../../shared/domain/openings.ts';
import { openIntervals } from '../../shared/domain/schedule.ts';
import { freeByBits, freeOf, type GridSlot, slotsOf } from '../../shared/domain/slots.ts';
import type { Database } from '../../shared/db/client.ts';
import { FARTHEST_DAYS, withTaken } from './calendar.ts';
import type { BitsOn } from './known-days.ts';
import { datesToLookAt, daysToLookAt, type Question } from './question.ts';

/** A practitioner's free slots, day by day: from the bitmap where it tells them, else from PostgreSQL. */
export type FreeDays = {
  on(date: Temporal.PlainDate): Promise<readonly GridSlot[]>;
  /** What takes time of the practitioner on the days that were asked for, where free slots alone do not tell where every visit fits. */
  readonly taken: readonly BusySlot[];
};

/** @returns one for each question; PostgreSQL is read at most once for all, unless a later day is unknown. */
export async function readFreeDays(
  db: Database,
  questions: readonly Question[],
  known: readonly BitsOn[],
): Promise<FreeDays[]> {
  const asked = questions.map((question, place) => ({ question, bitsOn: known[place] ?? knowsNothing }));
  const cold = asked.filter(({ question, bitsOn }) => needsPostgres(question, bitsOn));
  const coldQuestions = cold.map(({ question }) => question);
  const taken = await readTaken(db, coldQuestions, Math.max(0, ...coldQuestions.map(daysToLookAt)));
  return asked.map(({ question, bitsOn }) => freeDays(question, bitsOn, { db, taken: taken.get(question) }));
}

function freeDays(
  question: Question,
  bitsOn: BitsOn,
  { db, taken: read }: { db: Database; taken: readonly BusySlot[] | undefined },
): FreeDays {
  const { schedule } = question.practice;
  const last = read && datesToLookAt(question).at(-1);
  const isRead = (date: Temporal.PlainDate) => last !== undefined && Temporal.PlainDate.compare(date, last) <= 0;
  let taken = read ?? [];
  let reading: Promise<void> | undefined;
  const readAll = async (): Promise<void> => {
    taken = (await readTaken(db, [question], FARTHEST_DAYS)).get(question) ?? [];
  };
  return {
    get taken() {
      return taken;
    },
    async on(date) {
      const slots = slotsOn(question, date);
      const told = read === undefined && toldBy(bitsOn(date), slots);
      if (told) return told;
      if (!isRead(date)) await (reading ??= readAll());
      return freeOf(slots, openIntervals(schedule, date), taken.map(busyTime));
    },
  };
}

function needsPostgres(question: Question, bitsOn: BitsOn): boolean {
  if (!question.visits.every(fitsAnyFreeSlot)) return true;
  return datesToLookAt(question).some((date) => toldBy(bitsOn(date), slotsOn(question, date)) === undefined);
}

function toldBy(bits: DayBits | undefined, slots: readonly GridSlot[]): GridSlot[] | undefined {
  return bits && freeByBits(slots, bits);
}

async function readTaken(
  db: Database,
  questions: readonly Question[],
  days: number,
): Promise<Map<Question, readonly BusySlot[]>> {
  const [first] = questions;
  if (first === undefined) return new Map();
  const calendars = await withTaken(
    db,
    first,
    questions.map(({ practice }) => practice),
    days,
  );
  return new Map(questions.map((question, place) => [question, calendars[place]?.taken ?? []]));
}

function slotsOn({ grid, practice }: Question, date: Temporal.PlainDate): readonly GridSlot[] {
  return slotsOf(grid, practice.schedule.timeZone, date);
}

function knowsNothing(): undefined {
  return undefined;
}
