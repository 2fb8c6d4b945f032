import { AppError } from '../../../shared/errors.ts';

/** The values each of the five fields allows; a day matches by both its fields, or by either where both are restricted. */
export type Schedule = {
  minutes: Set<number>;
  hours: Set<number>;
  days: Set<number>;
  months: Set<number>;
  weekdays: Set<number>;
  eitherDay: boolean;
};

const monthNames = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const weekdayNames = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
const descriptors: Record<string, string> = {
  '@yearly': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@hourly': '0 * * * *',
};

/** Reads the five fields of a cron schedule (lists, ranges, steps, names) or a descriptor. Throws `invalid-input`. */
export function parseSchedule(text: string): Schedule {
  const fields = (descriptors[text] ?? text).trim().split(/\s+/);
  const [minute, hour, day, month, weekday] = fields;
  if (!minute || !hour || !day || !month || !weekday || fields.length > 5) {
    throw new AppError('invalid-input', `not a schedule of five fields: "${text}"`);
  }
  return {
    minutes: parseField(minute, 0, 59),
    hours: parseField(hour, 0, 23),
    days: parseField(day, 1, 31),
    months: parseField(month, 1, 12, monthNames, 1),
    weekdays: parseField(weekday, 0, 6, weekdayNames),
    eitherDay: isRestricted(day) && isRestricted(weekday),
  };
}

function isRestricted(field: string): boolean {
  return !/^[*?]/.test(field);
}

function parseField(field: string, least: number, most: number, names: string[] = [], firstName = 0): Set<number> {
  const values = field.split(',').flatMap((part) => {
    const [, from = '', to, step] = /^(\*|\?|\w+)(?:-(\w+))?(?:\/(\d+))?$/.exec(part) ?? [];
    const any = from === '*' || from === '?';
    const start = any ? least : toNumber(from, names, firstName);
    // "5/15" runs from 5 to the end.
    const end = to !== undefined ? toNumber(to, names, firstName) : any || step !== undefined ? most : start;
    const by = Number(step ?? 1);
    const sound = start >= least && end <= most && start <= end && by > 0 && !(any && to !== undefined);
    if (!sound) throw new AppError('invalid-input', `not a field of a schedule: "${field}"`);
    return Array.from({ length: Math.floor((end - start) / by) + 1 }, (_, index) => start + index * by);
  });
  return new Set(values);
}

function toNumber(text: string, names: string[], firstName: number): number {
  const named = names.indexOf(text.toLowerCase());
  if (named >= 0) return named + firstName;
  return /^\d+$/.test(text) ? Number(text) : NaN;
}

/** The first time after `after` at which the schedule fires, by the zone's clocks. Throws `invalid-input` when none comes in five years. */
export function nextTick(schedule: Schedule, zone: string, after: Temporal.Instant): Temporal.Instant {
  const end = after.toZonedDateTimeISO(zone).add({ years: 5 });
  let time = after
    .toZonedDateTimeISO(zone)
    .round({ smallestUnit: 'minute', roundingMode: 'floor' })
    .add({ minutes: 1 });
  while (Temporal.ZonedDateTime.compare(time, end) < 0) {
    if (!schedule.months.has(time.month)) time = time.with({ day: 1 }).startOfDay().add({ months: 1 });
    else if (!matchesDay(schedule, time)) time = time.startOfDay().add({ days: 1 });
    else if (!schedule.hours.has(time.hour))
      time = time.round({ smallestUnit: 'hour', roundingMode: 'floor' }).add({ hours: 1 });
    else if (!schedule.minutes.has(time.minute)) time = time.add({ minutes: 1 });
    else return time.toInstant();
  }
  throw new AppError('invalid-input', 'the schedule never fires');
}

function matchesDay({ days, weekdays, eitherDay }: Schedule, time: Temporal.ZonedDateTime): boolean {
  const day = days.has(time.day);
  const weekday = weekdays.has(time.dayOfWeek % 7);
  return eitherDay ? day || weekday : day && weekday;
}
