import { randomUUID } from 'node:crypto';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { AnyEvent } from '../../../schemas/events/contract.ts';
import { freeSlotsOf, hasFreeSlot } from '../../support/day-bits.ts';
import { bookingOf, openWorld, type Practitioner, scheduleChanged, type World } from './world.ts';

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

const MONDAY = '2030-01-07';
const TUESDAY = '2030-01-08';
const WEDNESDAY = '2030-01-09';
const NINE = '2030-01-07T08:00:00Z';
const TEN = '2030-01-07T09:00:00Z';
const TUESDAY_TEN = '2030-01-08T09:00:00Z';
const WEDNESDAY_TEN = '2030-01-09T09:00:00Z';

/** Local times of the day's bits as they lie in Redis. */
async function bits(ordinal: number, date = MONDAY): Promise<string[] | undefined> {
  const [day] = await world.bitmap.read(ordinal, Temporal.PlainDate.from(date), 1);
  return (
    day &&
    freeSlotsOf(day).map((slot) =>
      Temporal.PlainTime.from('08:00')
        .add({ minutes: 30 * slot })
        .toString({ smallestUnit: 'minute' }),
    )
  );
}

/** What the bits should be, by SQL alone: half hours of the working day that no active booking touches. */
async function bitsBySql(practitionerId: string, date = MONDAY): Promise<string[]> {
  const found = await world.rows<{ slot: string }>(
    `SELECT to_char(s AT TIME ZONE p.time_zone, 'HH24:MI') AS slot
     FROM practitioner.practitioners p
     JOIN practitioner.working_hours h ON h.practitioner_id = p.id AND h.weekday = extract(isodow FROM $2::date)
     CROSS JOIN generate_series(
       ($2::date + make_interval(mins => h.start_minute)) AT TIME ZONE p.time_zone,
       ($2::date + make_interval(mins => h.end_minute - 30)) AT TIME ZONE p.time_zone, '30 minutes') s
     WHERE p.id = $1 AND NOT EXISTS (
       SELECT FROM practitioner.busy_slots b
       WHERE b.practitioner_id = p.id AND b.active AND b.busy_start < s + interval '30 minutes' AND b.busy_end > s)
     ORDER BY s`,
    [practitionerId, date],
  );
  return found.map(({ slot }) => slot);
}

async function expectBitsToEqualSql({ id, ordinal }: Practitioner, dates: readonly string[]): Promise<void> {
  for (const date of dates) expect(await bits(ordinal, date)).toEqual(await bitsBySql(id, date));
}

function shuffled<T>(items: readonly T[]): T[] {
  return items
    .map((item) => ({ item, place: Math.random() }))
    .toSorted((a, b) => a.place - b.place)
    .map(({ item }) => item);
}

describe('a booking event', () => {
  it('takes its slot and gives it back', async () => {
    const { id, ordinal } = await world.addPractitioner();
    const booking = bookingOf(id, TEN);
    expect(await world.deliver(booking.created())).toBe(204);
    expect(await bits(ordinal)).toEqual(['09:00', '09:30', '10:30', '11:00', '11:30']);
    expect(await world.starts(id, MONDAY)).toEqual(['09:00', '09:30', '10:30', '11:00', '11:30']);
    expect(await world.deliver(booking.cancelled())).toBe(204);
    expect(await bits(ordinal)).toContain('10:00');
  });

  it('takes what its buffers touch', async () => {
    const { id, ordinal } = await world.addPractitioner();
    await world.deliver(bookingOf(id, TEN, { before: 5, after: 45 }).created());
    expect(await bits(ordinal)).toEqual(['09:00', '11:30']);
  });

  it('reserves a held slot until the hold is released', async () => {
    const { id, ordinal } = await world.addPractitioner();
    const hold = bookingOf(id, TEN);
    await world.deliver(hold.held());
    expect(await bits(ordinal)).not.toContain('10:00');
    await world.deliver(hold.released());
    expect(await bits(ordinal)).toContain('10:00');
  });

  it('moves from one day to another', async () => {
    const practitioner = await world.addPractitioner();
    const booking = bookingOf(practitioner.id, TEN);
    await world.deliver(booking.created());
    await world.deliver(booking.rescheduled(TUESDAY_TEN));
    expect(await bits(practitioner.ordinal)).toContain('10:00');
    expect(await bits(practitioner.ordinal, TUESDAY)).not.toContain('10:00');
  });

  it('keeps its time when the visit took place or should have', async () => {
    const { id, ordinal } = await world.addPractitioner();
    for (const [start, end] of [
      [NINE, 'completed'],
      [TEN, 'noShow'],
    ] as const) {
      const booking = bookingOf(id, start);
      await world.deliver(booking.created());
      expect(await world.deliver(booking[end]())).toBe(204);
    }
    expect(await bits(ordinal)).toEqual(['09:30', '10:30', '11:00', '11:30']);
  });

  it('is told of with the day, what is left of it and the next free slot', async () => {
    const { id } = await world.addPractitioner();
    const booking = bookingOf(id, NINE);
    await world.deliver(booking.created());
    await world.deliver(booking.rescheduled(TUESDAY_TEN));
    expect(await world.told(id)).toEqual([
      { practitionerId: id, country: 'fr', date: MONDAY, freeSlots: 5, nextAvailable: '2030-01-07T08:30:00Z' },
      { practitionerId: id, country: 'fr', date: MONDAY, freeSlots: 6, nextAvailable: NINE },
      { practitionerId: id, country: 'fr', date: TUESDAY, freeSlots: 5, nextAvailable: NINE },
    ]);
  });

  it('of a day that is over changes nothing and is told to nobody', async () => {
    const { id } = await world.addPractitioner();
    expect(await world.deliver(bookingOf(id, '2029-12-30T10:00:00Z').completed())).toBe(204);
    expect(await world.told(id)).toEqual([]);
  });

  it('is refused for good where the practitioner is unknown or its time makes no sense', async () => {
    const { id } = await world.addPractitioner();
    const event = bookingOf(id, TEN).created();
    const withData = (changes: object): AnyEvent => ({
      ...event,
      id: randomUUID(),
      data: { ...Object(event.data), ...changes },
    });
    for (const changes of [
      { practitionerId: randomUUID() },
      { country: 'de' },
      { country: 'xx' },
      { busyEnd: '2020-01-01T00:00:00Z' },
      { slotStart: 'soon' },
      { version: 0 },
      { more: true },
    ]) {
      expect(await world.deliver(withData(changes))).toBe(422);
    }
    expect(await world.rows('SELECT FROM practitioner.busy_slots WHERE practitioner_id = $1', [id])).toEqual([]);
  });

  it('far away or endless is taken without going through all of its days', async () => {
    const { id } = await world.addPractitioner();
    expect(await world.deliver(bookingOf(id, '2199-06-01T10:00:00Z').created())).toBe(204);
    expect(await world.deliver(bookingOf(id, TEN, { after: 5_000_000 }).created())).toBe(204);
    expect(await world.starts(id, TUESDAY)).toEqual([]);
  });
});

describe('events twice, shuffled and at once', () => {
  it('leave one claim and tell once for a duplicate', async () => {
    const { id } = await world.addPractitioner();
    const event = bookingOf(id, TEN).created();
    const statuses = await Promise.all([world.deliver(event), world.deliver(event), world.deliver(event)]);
    expect(statuses).toEqual([204, 204, 204]);
    expect(await world.deliver(event)).toBe(204);
    expect(await world.told(id)).toHaveLength(1);
  });

  it('never let an older version overwrite a newer one', async () => {
    const { id, ordinal } = await world.addPractitioner();
    const booking = bookingOf(id, NINE);
    const [created, moved, cancelled] = [booking.created(), booking.rescheduled(TEN), booking.cancelled()];
    for (const event of [cancelled, moved, created]) expect(await world.deliver(event)).toBe(204);
    expect(await bits(ordinal)).toHaveLength(6);
  });

  it('free the day that a booking left though the event of the move between has not come', async () => {
    const { id, ordinal } = await world.addPractitioner();
    const booking = bookingOf(id, WEDNESDAY_TEN);
    const [created, moved, again] = [booking.created(), booking.rescheduled(TEN), booking.rescheduled(TUESDAY_TEN)];
    for (const event of [created, again]) await world.deliver(event);
    expect(await bits(ordinal, WEDNESDAY)).toHaveLength(6);
    await world.deliver(moved);
    expect(await bits(ordinal, MONDAY)).toHaveLength(6);
    expect(await bits(ordinal, TUESDAY)).toHaveLength(5);
  });

  it('leave the bitmap equal to what SQL says', { timeout: 60_000 }, async () => {
    const practitioners = await Promise.all([1, 2, 3].map(() => world.addPractitioner()));
    const other = world.startFunction();
    const times = [NINE, TEN, '2030-01-07T10:30:00Z', '2030-01-08T08:30:00Z', TUESDAY_TEN, '2030-01-09T10:00:00Z'];
    const events = practitioners.flatMap(({ id }) =>
      times.flatMap((start, place) => {
        const booking = bookingOf(id, start);
        const [created, moved] = [booking.created(), booking.rescheduled(times.at(place - 3) ?? start)];
        return place % 2 === 0 ? [created, moved, booking.cancelled()] : [created, moved];
      }),
    );
    const deliveries = shuffled([...events, ...events]);
    await Promise.all(deliveries.map((event, place) => world.deliverUntilDone(event, place % 2 === 0 ? world : other)));
    for (const practitioner of practitioners) {
      await expectBitsToEqualSql(practitioner, [MONDAY, TUESDAY, WEDNESDAY]);
      expect(await bits(practitioner.ordinal)).not.toHaveLength(6);
    }
  });

  it('are written one after the other, so that the last one written has seen both', async () => {
    const { id, ordinal } = await world.addPractitioner();
    await world.deliver(bookingOf(id, '2030-01-09T10:00:00Z').created());
    const gate = Promise.withResolvers<void>();
    const reached = Promise.withResolvers<void>();
    const slow = world.startFunction(() => ({
      ...world.bitmap,
      async writeDays(...args) {
        reached.resolve();
        await gate.promise;
        return world.bitmap.writeDays(...args);
      },
    }));
    const first = slow.deliver(bookingOf(id, NINE).created());
    await reached.promise;
    const second = world.deliver(bookingOf(id, TEN).created());
    await Promise.race([second, world.untilSomebodyWaitsForALock()]);
    gate.resolve();
    expect(await Promise.all([first, second])).toEqual([204, 204]);
    expect(await bits(ordinal)).toEqual(['09:30', '10:30', '11:00', '11:30']);
  });
});

describe('a change of schedule', () => {
  it('is taken over on the days it names and told of each', async () => {
    const { id, ordinal } = await world.addPractitioner();
    await world.starts(id, MONDAY);
    await world.addException(id, 'closed', [MONDAY, TUESDAY], { startMinute: 540, endMinute: 660 });
    await world.deliver(scheduleChanged(id, { from: MONDAY, to: TUESDAY }));
    expect(await bits(ordinal)).toEqual(['11:00', '11:30']);
    expect(await bits(ordinal, '2030-01-09')).toHaveLength(6);
    expect((await world.told(id)).map(({ date, freeSlots }) => [date, freeSlots])).toEqual([
      [MONDAY, 2],
      [TUESDAY, 2],
    ]);
  });

  it('without an end is taken over on all days of the window', async () => {
    const { id, ordinal } = await world.addPractitioner();
    await world.starts(id, MONDAY);
    await world.addException(id, 'closed', ['2030-01-10', '2031-01-01']);
    await world.deliver(scheduleChanged(id, { from: '2030-01-01' }));
    const days = await world.bitmap.read(ordinal, Temporal.PlainDate.from(MONDAY), world.bitmap.windowDays);
    expect(days.map((day) => day && hasFreeSlot(day))).toEqual([
      true,
      true,
      true,
      ...Array.from({ length: 27 }, () => false),
    ]);
  });
});
