import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { bookingOf, type Day, openWorld, type World } from './world.ts';

let world: World;
beforeAll(async () => {
  world = await openWorld({
    grid: { firstSlotMinute: 0, slotMinutes: 30, slotsPerDay: 48 },
    time: '2030-10-26T20:00:00Z',
  });
});
afterAll(() => world.close());

const NIGHT = { startMinute: 60, endMinute: 240 };

async function starts(id: string, date: string, more = ''): Promise<string[]> {
  const { body } = await world.get(`/fr/practitioners/${id}/availability?from=${date}&days=1${more}`);
  return body.days.flatMap(({ slots }: Day) => slots.map(({ start }) => start.slice(11, 16)));
}

describe('the night on which the clock goes back', () => {
  it('offers the doubled hour twice, at distinct instants, with and without Redis', async () => {
    const { id } = await world.addPractitioner({ hours: NIGHT });
    const expected = ['23:00', '23:30', '00:00', '00:30', '01:00', '01:30', '02:00', '02:30'];
    expect(await starts(id, '2030-10-27')).toEqual(expected);
    await world.redis.flushdb();
    expect(await starts(id, '2030-10-27')).toEqual(expected);
  });

  it('loses the instant that is booked and keeps its double', async () => {
    const { id } = await world.addPractitioner({ hours: NIGHT });
    await world.deliver(bookingOf(id, '2030-10-27T00:00:00Z').created());
    expect(await starts(id, '2030-10-27')).toEqual(['23:00', '23:30', '00:30', '01:00', '01:30', '02:00', '02:30']);
    await world.deliver(bookingOf(id, '2030-10-27T01:30:00Z').created());
    expect(await starts(id, '2030-10-27')).toEqual(['23:00', '23:30', '00:30', '01:00', '02:00', '02:30']);
    const [told] = (await world.told(id)).slice(-1);
    expect(told).toMatchObject({ freeSlots: 6, nextAvailable: '2030-10-26T23:00:00Z' });
  });

  it('gives a long visit its minutes in real time', async () => {
    const { id } = await world.addPractitioner({ hours: NIGHT });
    const visitTypeId = await world.addVisitType(id, { durationMinutes: 180 });
    expect(await starts(id, '2030-10-27', `&visitTypeId=${visitTypeId}`)).toEqual(['23:00', '23:30', '00:00']);
  });
});

describe('the night on which the clock goes forward', () => {
  it('has no slot in the missing hour', async () => {
    const { id } = await world.addPractitioner({ hours: NIGHT });
    await world.addVisitType(id, { horizonDays: 365 });
    expect(await starts(id, '2031-03-30')).toEqual(['00:00', '00:30', '01:00', '01:30']);
  });
});

describe('a visit over midnight', () => {
  it('begins on the day before', async () => {
    const { id } = await world.addPractitioner({ hours: { startMinute: 0, endMinute: 1440 } });
    const visitTypeId = await world.addVisitType(id, { durationMinutes: 60 });
    expect((await starts(id, '2030-10-29', `&visitTypeId=${visitTypeId}`)).at(-1)).toBe('22:30');
  });
});
