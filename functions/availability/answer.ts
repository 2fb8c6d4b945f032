import type { Availability as contract } from '../../schemas/api/availability.ts';
import { fitsAnyFreeSlot, type Opening, openings } from '../../shared/domain/openings.ts';
import type { Deps } from './deps.ts';
import { type FreeDays, readFreeDays } from './free-days.ts';
import { readKnownDays } from './known-days.ts';
import { datesOf, datesToLookAt, type Question } from './question.ts';
import type * as z from 'zod';

export type Availability = z.infer<typeof contract>;

/** Answers questions about practitioners of one country, in their order. */
export async function answer(deps: Deps, country: string, questions: readonly Question[]): Promise<Availability[]> {
  const hinted = questions.some(({ visits }) => visits.every(fitsAnyFreeSlot));
  const known = hinted ? await readKnownDays(deps, country, questions) : [];
  const free = await readFreeDays(deps.db, questions, known);
  const answers: Availability[] = [];
  for (const [place, days] of free.entries()) {
    const question = questions[place];
    if (question) answers.push(await answerOne(question, days));
  }
  return answers;
}

async function answerOne(question: Question, free: FreeDays): Promise<Availability> {
  const { practice, dates } = question;
  const found = await openingsOn(question, free, datesToLookAt(question));
  const byDate = Map.groupBy(found, ({ date }) => date.toString());
  const next = found.at(0) ?? (await nextOpening(question, free));
  return {
    practitionerId: practice.practitionerId,
    timeZone: practice.schedule.timeZone,
    days: dates.map(String).map((date) => ({ date, slots: (byDate.get(date) ?? []).map(represent) })),
    nextAvailable: next?.start.toString() ?? null,
  };
}

/** The first one after the days asked about, up to the horizon: mostly it is near, else more days are looked at together. */
async function nextOpening(question: Question, free: FreeDays): Promise<Opening | undefined> {
  const daysLeft = question.next.until(question.horizon).days + 1;
  for (let passed = 0, days = 1; passed < daysLeft; passed += days, days *= 2) {
    const first = question.next.add({ days: passed });
    const dates = datesOf(first, Math.min(days, daysLeft - passed) + 1);
    const [next] = await openingsOn(question, free, dates);
    if (next) return next;
  }
  return undefined;
}

/** Where one of the visits can start on the days, without the last of them: it is there for what goes on past midnight. */
async function openingsOn(
  { grid, now, visits, practice }: Question,
  free: FreeDays,
  dates: readonly Temporal.PlainDate[],
): Promise<Opening[]> {
  const last = dates.at(-1);
  const slots = (await Promise.all(dates.map((date) => free.on(date)))).flat();
  const calendar = { grid, schedule: practice.schedule, now, taken: free.taken };
  return openings(slots, visits, calendar).filter(({ date }) => last !== undefined && !date.equals(last));
}

/** Slots of one day are the same instants for many practitioners and requests, and to write one out takes time. */
const written = new WeakMap<Temporal.Instant, string>();

function write(instant: Temporal.Instant): string {
  const known = written.get(instant);
  if (known !== undefined) return known;
  const text = instant.toString();
  written.set(instant, text);
  return text;
}

function represent({ start, end }: Opening): { start: string; end: string } {
  return { start: write(start), end: write(end) };
}
