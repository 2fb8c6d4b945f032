import { inArray } from 'drizzle-orm';

import { settings } from '../../functions/availability/config.ts';
import { listPractices, type Practice } from '../../shared/db/availability.ts';
import type { Database } from '../../shared/db/client.ts';
import { type BookingRow, bookings } from '../../shared/db/schema/booking.ts';
import { busySlots } from '../../shared/db/schema/practitioner.ts';
import type { DayBits } from '../../shared/domain/day-bits.ts';
import { busyTime, type Calendar, openingsOfDays } from '../../shared/domain/openings.ts';
import { bitsOf, freeSlots } from '../../shared/domain/slots.ts';
import { localDate } from '../../shared/domain/zone.ts';
import { createBitmaps } from '../../shared/redis/availability-bitmaps.ts';
import { connectRedis } from '../../shared/redis/client.ts';
import { readConfig } from '../../shared/runtime/config.ts';
import { type Check, checkAll } from './check.ts';
import { FIRST_DAY_AHEAD, startsOf } from './offers.ts';
import { environmentOf, type ProofSource } from './proof-source.ts';

type Touched = Calendar & { readonly practice: Practice };

/** For every practitioner the run has touched: the projection, the bitmap and the answers agree with the bookings. */
export async function checkAvailability(source: ProofSource): Promise<Check[]> {
  const { db, ledger, platform } = source;
  const { GRIDS, AVAILABILITY_DAYS } = readConfig(platform.environment, {
    GRIDS: settings.GRIDS,
    AVAILABILITY_DAYS: settings.AVAILABILITY_DAYS,
  });
  const ids = [...new Set([...ledger.bookings.values()].map(({ practitionerId }) => practitionerId))];
  const booked = await db.select().from(bookings).where(inArray(bookings.practitionerId, ids));
  const calendars = await readCalendars(source, GRIDS, booked);
  const redis = await connectRedis(environmentOf(platform, 'REDIS_URL'), { timeoutMs: 5_000 });
  try {
    const bitmapOf = createBitmaps(redis, { gridOf: GRIDS, days: AVAILABILITY_DAYS });
    const projection = await checkBusySlots(db, ids, booked);
    // Before the bitmap: what Redis lost or was never told is written when somebody asks.
    const answers = await checkAnswers(source, calendars);
    const bitmap = await checkBitmap(calendars, ({ country, ordinal }, today) =>
      bitmapOf(country).read(ordinal, today, AVAILABILITY_DAYS),
    );
    return [projection, bitmap, answers];
  } finally {
    redis.disconnect();
  }
}

/** From the bookings themselves, not from what availability made of their events. */
async function readCalendars(
  { db, ledger }: ProofSource,
  gridOf: (country: string) => Calendar['grid'],
  booked: readonly BookingRow[],
): Promise<Touched[]> {
  const taken = Map.groupBy(booked.filter(isActive), ({ practitionerId }) => practitionerId);
  const byCountry = Map.groupBy(ledger.bookings.values(), ({ country }) => country);
  const practices: Practice[] = [];
  for (const [country, answered] of byCountry) {
    const ids = new Set(answered.map(({ practitionerId }) => practitionerId));
    practices.push(...(await listPractices(db, country, [...ids])));
  }
  return practices.map((practice) => ({
    practice,
    grid: gridOf(practice.country),
    schedule: practice.schedule,
    now: Temporal.Now.instant(),
    taken: taken.get(practice.practitionerId) ?? [],
  }));
}

function isActive({ status }: Pick<BookingRow, 'status'>): boolean {
  return status === 'held' || status === 'confirmed';
}

async function checkBusySlots(db: Database, ids: readonly string[], booked: readonly BookingRow[]): Promise<Check> {
  const rows = await db
    .select()
    .from(busySlots)
    .where(inArray(busySlots.practitionerId, [...ids]));
  const projected = new Map(rows.map((row) => [row.bookingId, timeOf(row)]));
  const expected = new Map(booked.map((row) => [row.id, timeOf({ ...row, active: isActive(row) })]));
  return checkAll(
    'bookings of the practitioners touched are projected as they are',
    new Set([...projected.keys(), ...expected.keys()]),
    (id) => {
      const [is, should] = [projected.get(id), expected.get(id)];
      return is === should ? undefined : `${id} is projected as ${is}, and is ${should}`;
    },
  );
}

type Time = Pick<typeof busySlots.$inferSelect, 'version' | 'active' | 'busyStart' | 'busyEnd' | 'slotStart'>;

function timeOf({ version, active, ...times }: Time): string {
  const [start, end, slot] = [times.busyStart, times.busyEnd, times.slotStart].map(String);
  return `v${version} ${active ? 'busy' : 'free'} ${start} to ${end} for ${slot}`;
}

type ReadDays = (practice: Practice, today: Temporal.PlainDate) => Promise<readonly (DayBits | undefined)[]>;

/** Days that the bitmap does not know are no difference: it is a hint. */
async function checkBitmap(calendars: readonly Touched[], read: ReadDays): Promise<Check> {
  const differences: string[] = [];
  let examined = 0;
  for (const { practice, grid, schedule, now, taken } of calendars) {
    const today = localDate(schedule.timeZone, now);
    for (const [ahead, bits] of (await read(practice, today)).entries()) {
      if (bits === undefined) continue;
      const date = today.add({ days: ahead });
      const expected = bitsOf(grid, freeSlots(grid, schedule, date, taken.map(busyTime)));
      examined += 1;
      if (!Buffer.from(bits).equals(expected)) {
        differences.push(`${practice.practitionerId} ${date.toString()}: ${hex(bits)} instead of ${hex(expected)}`);
      }
    }
  }
  return { what: 'days of the practitioners touched have the bits that their bookings give', examined, differences };
}

function hex(bits: DayBits): string {
  return Buffer.from(bits).toString('hex');
}

/** Behind every minimum notice, so that the starts do not depend on the second of the question. */
const DAYS_ASKED = 80;

async function checkAnswers({ client }: ProofSource, calendars: readonly Touched[]): Promise<Check> {
  const differences: string[] = [];
  for (const calendar of calendars) {
    const { practice, schedule } = calendar;
    const { country, practitionerId, visitTypes } = practice;
    for (const visit of [undefined, ...visitTypes]) {
      const now = Temporal.Now.instant();
      const from = localDate(schedule.timeZone, now).add({ days: FIRST_DAY_AHEAD });
      const query = `from=${from.toString()}&days=${DAYS_ASKED}${visit ? `&visitTypeId=${visit.id}` : ''}`;
      const path = `/${country}/practitioners/${practitionerId}/availability?${query}`;
      const answer = await client.send({ operation: 'read availability', path });
      const openings = openingsOfDays(visit ? [visit] : visitTypes, { ...calendar, now }, from, DAYS_ASKED);
      const shown = answer?.status === 200 ? new Set(startsOf(answer.body)) : undefined;
      const expected = new Set(openings.map(({ start }) => start.toString()));
      const wrong = shown?.symmetricDifference(expected);
      if (wrong?.size !== 0) differences.push(`${path}: ${shown ? [...(wrong ?? [])].join(', ') : answer?.status}`);
    }
  }
  return {
    what: 'practitioners show exactly the slots that their bookings leave free',
    examined: calendars.length,
    differences,
  };
}
