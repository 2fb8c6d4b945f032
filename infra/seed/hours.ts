import type { WorkingHours } from '../../shared/domain/schedule.ts';

type Span = readonly [start: string, end: string];

/** The same times on several days of the week, 1 being Monday: `on([1, 2], ['09:00', '12:30'], ['14:00', '18:00'])`. */
export function on(weekdays: readonly number[], ...spans: readonly Span[]): WorkingHours[] {
  return weekdays.flatMap((weekday) =>
    spans.map(([start, end]) => ({ weekday, startMinute: minuteOf(start), endMinute: minuteOf(end) })),
  );
}

function minuteOf(time: string): number {
  const { hour, minute } = Temporal.PlainTime.from(time);
  return hour * 60 + minute;
}
