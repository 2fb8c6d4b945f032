import { localDate } from './zone.ts';

/** When someone does not want to be disturbed: minutes after midnight on the wall clock of `timeZone`. */
export type QuietHours = {
  readonly startMinute: number;
  /** Excluded. Before `startMinute` it is the next morning's; equal to it, there are no quiet hours. */
  readonly endMinute: number;
  readonly timeZone: string;
};

type Span = { readonly start: Temporal.Instant; readonly end: Temporal.Instant };

/** The quiet hours that `at` lies in, as instants. */
export function quietSpanAt(quiet: QuietHours, at: Temporal.Instant): Span | undefined {
  const today = localDate(quiet.timeZone, at);
  return [today.subtract({ days: 1 }), today]
    .map((date) => spanFrom(quiet, date))
    .find((span) => Temporal.Instant.compare(span.start, at) <= 0 && Temporal.Instant.compare(at, span.end) < 0);
}

/** Where a message due at `at` goes: to the end of the quiet hours if that is before `deadline`, else to their start. */
export function avoidQuietHours(
  quiet: QuietHours | undefined,
  at: Temporal.Instant,
  deadline: Temporal.Instant,
): Temporal.Instant {
  const span = quiet && quietSpanAt(quiet, at);
  if (!span) return at;
  return Temporal.Instant.compare(span.end, deadline) < 0 ? span.end : span.start;
}

function spanFrom({ startMinute, endMinute, timeZone }: QuietHours, date: Temporal.PlainDate): Span {
  const lastDate = endMinute < startMinute ? date.add({ days: 1 }) : date;
  return { start: wallClock(date, startMinute, timeZone), end: wallClock(lastDate, endMinute, timeZone) };
}

/** The wall clock and not elapsed minutes: 22:00 stays 22:00 on the days the clocks change. */
function wallClock(date: Temporal.PlainDate, minute: number, timeZone: string): Temporal.Instant {
  const plainTime = new Temporal.PlainTime(Math.floor(minute / 60), minute % 60);
  return date.toZonedDateTime({ timeZone, plainTime }).toInstant();
}
