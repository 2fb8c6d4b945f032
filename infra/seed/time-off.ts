import type { scheduleExceptions } from '../../shared/db/schema/practitioner.ts';
import type { WorkingHours } from '../../shared/domain/schedule.ts';
import { samplesOf } from './countries.ts';
import type { CountryCode } from './country.ts';
import type { Dice } from './dice.ts';
import { sampleId } from './id.ts';

type ExceptionRow = typeof scheduleExceptions.$inferSelect;

export type Practice = {
  readonly country: CountryCode;
  readonly practitionerId: string;
  readonly week: readonly WorkingHours[];
};

type Departure = Omit<ExceptionRow, 'id' | 'country' | 'practitionerId'>;

const SATURDAY = 6;
const AFTERNOON = { startMinute: 14 * 60, endMinute: 18 * 60 };
const MORNING = { startMinute: 9 * 60, endMinute: 13 * 60 };

/** Public holidays that fall on a working day. */
export function publicHolidays({ country, week }: Practice, year: number): Departure[] {
  const works = new Set(week.map(({ weekday }) => weekday));
  const days = samplesOf[country].publicHolidays(year).filter(({ dayOfWeek }) => works.has(dayOfWeek));
  return days.map((day) => closed(day, day));
}

/** A year's holidays, training afternoons and Saturdays on duty. */
export function personalDepartures({ week }: Practice, year: number, dice: Dice): Departure[] {
  const summer = mondayFrom(year, 7, 1 + 7 * dice.below(7));
  const departures = [closed(summer, summer.add({ days: dice.chance(0.5) ? 20 : 13 }))];
  if (dice.chance(0.4)) departures.push(closed(date(year, 12, 24), date(year, 12, 31)));
  if (dice.chance(0.3)) {
    const spring = mondayFrom(year, 4, 8);
    departures.push(closed(spring, spring.add({ days: 6 })));
  }
  if (dice.chance(0.2)) departures.push(...quarters(year, 4).map((day) => ({ ...closed(day, day), ...AFTERNOON })));
  const worksSaturdays = week.some(({ weekday }) => weekday === SATURDAY);
  if (!worksSaturdays && dice.chance(0.15)) departures.push(...quarters(year, SATURDAY).map(onDuty));
  return departures;
}

/** Departures as rows, each with an id that follows from what it is. */
export function exceptionRows({ country, practitionerId }: Practice, departures: readonly Departure[]): ExceptionRow[] {
  return departures.map((departure) => {
    const { kind, firstDay, startMinute } = departure;
    const id = sampleId(`exception ${practitionerId} ${kind} ${firstDay.toString()} ${startMinute ?? 'all day'}`);
    return { id, country, practitionerId, ...departure };
  });
}

function closed(firstDay: Temporal.PlainDate, lastDay: Temporal.PlainDate): Departure {
  return { kind: 'closed', firstDay, lastDay, startMinute: null, endMinute: null };
}

function onDuty(day: Temporal.PlainDate): Departure {
  return { kind: 'open', firstDay: day, lastDay: day, ...MORNING };
}

/** The first such weekday of March, June, September and November. */
function quarters(year: number, weekday: number): Temporal.PlainDate[] {
  return [3, 6, 9, 11].map((month) => {
    const first = date(year, month, 1);
    return first.add({ days: (weekday - first.dayOfWeek + 7) % 7 });
  });
}

function mondayFrom(year: number, month: number, day: number): Temporal.PlainDate {
  const first = date(year, month, 1).add({ days: day - 1 });
  return first.add({ days: (8 - first.dayOfWeek) % 7 });
}

function date(year: number, month: number, day: number): Temporal.PlainDate {
  return Temporal.PlainDate.from({ year, month, day });
}
