import { type Channel, channels } from './notification.ts';
import { avoidQuietHours, type QuietHours } from './quiet-hours.ts';
import { localDate } from './zone.ts';

/** One step of a ladder: a reminder on a channel, so long before the visit. */
export type Rung = {
  readonly name: string;
  readonly channel: Channel;
  /** Days are taken on the practitioner's calendar, at the visit's time of day; minutes are elapsed time. */
  readonly before: { readonly days: number } | { readonly minutes: number };
};

/** When a patient is reminded of a visit. */
export type Ladder = {
  readonly ahead: readonly Rung[];
  /** In place of `ahead` for a visit booked on its own day. */
  readonly sameDay: readonly Rung[];
  /** Nothing is due within so many minutes of the booking: its confirmation has just told the same. */
  readonly restMinutes: number;
};

/** Doctolib's ladder: e-mail a week and a day before, SMS two days and push a day before; booked on its own day, one SMS. */
export const defaultLadder: Ladder = {
  ahead: [
    { name: 'email-7d', channel: 'email', before: { days: 7 } },
    { name: 'sms-2d', channel: 'sms', before: { days: 2 } },
    { name: 'email-1d', channel: 'email', before: { days: 1 } },
    { name: 'push-1d', channel: 'push', before: { days: 1 } },
  ],
  sameDay: [{ name: 'sms-120m', channel: 'sms', before: { minutes: 120 } }],
  restMinutes: 60,
};

/** Reads rungs from words such as `email:7d sms:90m`, or `none`; undefined where a word is none. */
export function parseRungs(words: string): Rung[] | undefined {
  if (words.trim() === 'none') return [];
  const rungs = words.trim().split(/\s+/).map(parseRung);
  return rungs.every((rung) => rung !== undefined) ? rungs : undefined;
}

function parseRung(word: string): Rung | undefined {
  const [, name, amount, unit] = /^(\w+):(\d{1,4})([dm])$/.exec(word) ?? [];
  const channel = channels.find((each) => each === name);
  if (channel === undefined || unit === undefined) return undefined;
  const before = unit === 'd' ? { days: Number(amount) } : { minutes: Number(amount) };
  return { name: `${channel}-${amount}${unit}`, channel, before };
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
  const earliest = visit.bookedAt.add({ minutes: ladder.restMinutes });
  const day = localDate(visit.timeZone, visit.slotStart);
  const rungs = day.equals(localDate(visit.timeZone, visit.bookedAt)) ? ladder.sameDay : ladder.ahead;
  return rungs
    .filter((rung) => Temporal.Instant.compare(timeOf(rung, visit), earliest) > 0)
    .map(({ name, channel, before }) => ({
      rung: name,
      channel,
      dueAt: avoidQuietHours(quiet, timeOf({ before }, visit), visit.slotStart),
      day,
    }))
    .filter(({ dueAt }) => Temporal.Instant.compare(dueAt, visit.bookedAt) > 0);
}

function timeOf({ before }: Pick<Rung, 'before'>, { slotStart, timeZone }: Visit): Temporal.Instant {
  if ('minutes' in before) return slotStart.subtract(before);
  return slotStart.toZonedDateTimeISO(timeZone).subtract(before).toInstant();
}
