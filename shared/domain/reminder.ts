import { type Channel, channels } from './notification.ts';
import { avoidQuietHours, type QuietHours } from './quiet-hours.ts';
import { localDate } from './zone.ts';

/** Days are taken on the practitioner's calendar, at the visit's time of day; minutes are elapsed time. */
type Lead = { readonly days: number } | { readonly minutes: number };

/** One step of a ladder: a reminder on a channel, so long before the visit. */
export type Rung = {
  readonly name: string;
  readonly channel: Channel;
  readonly before: Lead;
  /** In place of `before` for a visit that is booked too late for that. */
  readonly orElse?: Lead;
};

/** When a patient is reminded of a visit. */
export type Ladder = {
  readonly ahead: readonly Rung[];
  /** In place of `ahead` for a visit booked on its own day, or less than a day ahead and too late for all of those. */
  readonly sameDay: readonly Rung[];
  /** Nothing is due within so many minutes of the booking: its confirmation has just told the same. */
  readonly restMinutes: number;
};

/** Doctolib's ladder: e-mail a week and a day before, SMS two days or a day and push a day before; booked late, one SMS. */
export const defaultLadder: Ladder = {
  ahead: [
    { name: 'email-7d', channel: 'email', before: { days: 7 } },
    { name: 'sms-2d', channel: 'sms', before: { days: 2 }, orElse: { days: 1 } },
    { name: 'email-1d', channel: 'email', before: { days: 1 } },
    { name: 'push-1d', channel: 'push', before: { days: 1 } },
  ],
  sameDay: [{ name: 'sms-120m', channel: 'sms', before: { minutes: 120 } }],
  restMinutes: 60,
};

/** Reads rungs from words such as `email:7d sms:2d/1d push:90m`, or `none`; undefined where a word is none. */
export function parseRungs(words: string): Rung[] | undefined {
  if (words.trim() === 'none') return [];
  const rungs = words.trim().split(/\s+/).map(parseRung);
  return rungs.every((rung) => rung !== undefined) ? rungs : undefined;
}

function parseRung(word: string): Rung | undefined {
  const [, name, lead = '', otherLead] = /^(\w+):(\d{1,4}[dm])(?:\/(\d{1,4}[dm]))?$/.exec(word) ?? [];
  const channel = channels.find((each) => each === name);
  if (channel === undefined) return undefined;
  const rung = { name: `${channel}-${lead}`, channel, before: leadOf(lead) };
  return otherLead === undefined ? rung : { ...rung, orElse: leadOf(otherLead) };
}

function leadOf(words: string): Lead {
  const amount = Number.parseInt(words, 10);
  return words.endsWith('d') ? { days: amount } : { minutes: amount };
}

export type Visit = {
  readonly slotStart: Temporal.Instant;
  /** The practitioner's. */
  readonly timeZone: string;
  /** When the slot was booked or the booking moved to it. */
  readonly bookedAt: Temporal.Instant;
};

export type PlannedReminder = {
  readonly rung: string;
  readonly channel: Channel;
  readonly dueAt: Temporal.Instant;
  /** The visit's day on the practitioner's calendar: the visits of one day share an SMS, and a push message. */
  readonly day: Temporal.PlainDate;
};

/** The reminders still ahead when the visit is booked, outside the patient's quiet hours. */
export function planReminders(ladder: Ladder, visit: Visit, quiet: QuietHours | undefined): PlannedReminder[] {
  const day = localDate(visit.timeZone, visit.slotStart);
  return stepsOf(ladder, visit)
    .map(({ rung, channel, at }) => ({ rung, channel, dueAt: avoidQuietHours(quiet, at, visit.slotStart), day }))
    .filter(({ dueAt }) => Temporal.Instant.compare(dueAt, visit.bookedAt) > 0);
}

type Step = { readonly rung: string; readonly channel: Channel; readonly at: Temporal.Instant };

function stepsOf(ladder: Ladder, visit: Visit): Step[] {
  const earliest = visit.bookedAt.add({ minutes: ladder.restMinutes });
  const { timeZone, slotStart, bookedAt } = visit;
  if (localDate(timeZone, slotStart).equals(localDate(timeZone, bookedAt)))
    return stepsAfter(earliest, ladder.sameDay, visit);
  const ahead = stepsAfter(earliest, ladder.ahead, visit);
  const isSoon = Temporal.Instant.compare(timeOf({ days: 1 }, visit), earliest) <= 0;
  return isSoon && ahead.length === 0 ? stepsAfter(earliest, ladder.sameDay, visit) : ahead;
}

function stepsAfter(earliest: Temporal.Instant, rungs: readonly Rung[], visit: Visit): Step[] {
  return rungs.flatMap(({ name: rung, channel, before, orElse }) => {
    const leads = orElse === undefined ? [before] : [before, orElse];
    const times = leads.map((lead) => timeOf(lead, visit));
    const at = times.find((time) => Temporal.Instant.compare(time, earliest) > 0);
    return at === undefined ? [] : [{ rung, channel, at }];
  });
}

function timeOf(before: Lead, { slotStart, timeZone }: Visit): Temporal.Instant {
  if ('minutes' in before) return slotStart.subtract(before);
  return slotStart.toZonedDateTimeISO(timeZone).subtract(before).toInstant();
}
