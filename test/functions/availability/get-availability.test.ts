import { randomUUID } from 'node:crypto';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { bookingOf, type Day, localTime, openWorld, type World } from './world.ts';

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

const path = (id: string, query = '') => `/fr/practitioners/${id}/availability${query}`;
const MONDAY = '2030-01-07';

describe('the free slots of a practitioner', () => {
  it('are those of seven days from today, when nothing else is asked', async () => {
    const { id } = await world.addPractitioner();
    const { status, body } = await world.get(path(id));
    expect(status).toBe(200);
    expect(body).toMatchObject({ practitionerId: id, timeZone: 'Europe/Paris', nextAvailable: '2030-01-07T08:00:00Z' });
    expect(body.days).toHaveLength(7);
    expect(body.days[0]).toMatchObject({ date: MONDAY });
    expect(body.days[0].slots[0]).toEqual({ start: '2030-01-07T08:00:00Z', end: '2030-01-07T08:30:00Z' });
    expect(body.days.map((day: Day) => day.slots.length)).toEqual([6, 6, 6, 6, 6, 6, 6]);
  });

  it('do not begin in the past, neither today nor on days that are over', async () => {
    const { id } = await world.addPractitioner();
    world.setTime('2030-01-07T09:00:01Z');
    const { body } = await world.get(path(id, '?from=2030-01-05&days=4'));
    world.setTime('2030-01-07T06:00:00Z');
    expect(body.days.map((day: Day) => day.date)).toEqual([MONDAY, '2030-01-08']);
    expect(body.days[0].slots.map((slot: { start: string }) => localTime(slot.start))).toEqual([
      '10:30',
      '11:00',
      '11:30',
    ]);
    const over = await world.get(path(id, '?from=2029-01-05&days=4'));
    expect(over.body).toMatchObject({ days: [], nextAvailable: '2030-01-07T08:00:00Z' });
  });

  it('name the next free start beyond the days asked about', async () => {
    const { id } = await world.addPractitioner();
    await world.addException(id, 'closed', ['2030-01-06', '2030-01-20']);
    const { body } = await world.get(path(id, '?days=3'));
    expect(body.days.map((day: Day) => day.slots)).toEqual([[], [], []]);
    expect(body.nextAvailable).toBe('2030-01-21T08:00:00Z');
  });

  it.each([1, 2, 3, 4, 7, 8, 15, 16, 40])('name the next free start %i days on, from whichever store', async (days) => {
    const first = Temporal.PlainDate.from(MONDAY);
    const { id } = await world.addPractitioner({ offersVisit: false });
    const visitTypeId = await world.addVisitType(id, { horizonDays: days });
    await world.addException(id, 'closed', [MONDAY, first.add({ days: days - 1 }).toString()]);
    const expected = `${first.add({ days }).toString()}T08:00:00Z`;
    expect((await world.get(path(id, '?days=1'))).body.nextAvailable).toBe(expected);
    await world.rows('UPDATE practitioner.visit_types SET buffer_after_minutes = 10 WHERE id = $1', [visitTypeId]);
    expect((await world.get(path(id, '?days=1'))).body.nextAvailable).toBe(expected);
    await world.rows('UPDATE practitioner.visit_types SET horizon_days = $2 WHERE id = $1', [
      visitTypeId,
      days - 1 || 1,
    ]);
    if (days > 1) expect((await world.get(path(id, '?days=1'))).body.nextAvailable).toBeNull();
  });

  it('name none where nothing is free up to the horizon', async () => {
    const { id } = await world.addPractitioner();
    await world.addException(id, 'closed', ['2030-01-06', '2040-01-01']);
    expect((await world.get(path(id))).body.nextAvailable).toBeNull();
  });

  it('reach 90 days and further than the bitmap, and end at the horizon', async () => {
    const { id } = await world.addPractitioner({ offersVisit: false });
    await world.addVisitType(id, { horizonDays: 60 });
    const { body } = await world.get(path(id, '?days=90'));
    expect(body.days).toHaveLength(90);
    expect(body.days.findLastIndex((day: Day) => day.slots.length > 0)).toBe(60);
    const far = await world.get(path(id, '?from=2199-09-01&days=90'));
    expect(far).toMatchObject({ status: 200, body: { nextAvailable: null } });
  });

  it('are those where any of the visit types can start, until the shortest of these would end', async () => {
    const { id } = await world.addPractitioner({ offersVisit: false });
    await world.addVisitType(id, { durationMinutes: 60, bufferAfterMinutes: 15 });
    await world.deliver(bookingOf(id, '2030-01-07T09:00:00Z').created());
    expect(await world.starts(id, MONDAY)).toEqual(['10:30', '11:00']);
    await world.addVisitType(id, { minimumNoticeMinutes: 270 });
    const { body } = await world.get(`/fr/availability?practitionerIds=${id}&days=1`);
    expect(body.items[0].days[0].slots).toEqual([
      { start: '2030-01-07T09:30:00Z', end: '2030-01-07T10:30:00Z' },
      { start: '2030-01-07T10:00:00Z', end: '2030-01-07T11:00:00Z' },
      { start: '2030-01-07T10:30:00Z', end: '2030-01-07T11:00:00Z' },
    ]);
  });

  it('are none of a day that is full for every visit type, and none at all where none is offered', async () => {
    const { id } = await world.addPractitioner({ offersVisit: false });
    const nothing = { days: [{ slots: [] }], nextAvailable: null };
    expect((await world.get(path(id, '?days=1'))).body).toMatchObject(nothing);
    expect((await world.get(`/fr/availability?practitionerIds=${id}&days=1`)).body).toMatchObject({ items: [nothing] });
    const visitTypeId = await world.addVisitType(id, { dailyCap: 1 });
    await world.deliver(bookingOf(id, '2030-01-07T09:00:00Z', { visitTypeId }).created());
    const full = await world.get(path(id, '?days=1'));
    expect(full.body).toMatchObject({ days: [{ slots: [] }], nextAvailable: '2030-01-08T08:00:00Z' });
    expect((await world.told(id)).at(-1)).toMatchObject({ freeSlots: 5, nextAvailable: '2030-01-08T08:00:00Z' });
  });

  it('leave out what is booked on later days too, with buffers to mind', async () => {
    const { id } = await world.addPractitioner({ offersVisit: false });
    await world.addVisitType(id, { bufferBeforeMinutes: 10 });
    await world.addException(id, 'closed', ['2030-01-06', '2030-01-20']);
    await world.deliver(bookingOf(id, '2030-01-21T08:30:00Z').created());
    expect((await world.get(path(id, '?days=3'))).body.nextAvailable).toBe('2030-01-21T08:00:00Z');
    await world.deliver(bookingOf(id, '2030-01-21T08:00:00Z').created());
    expect((await world.get(path(id, '?days=3'))).body.nextAvailable).toBe('2030-01-21T09:30:00Z');
  });

  it("are refused for an unknown practitioner or visit type, and for another practitioner's", async () => {
    const [{ id }, other] = [await world.addPractitioner(), await world.addPractitioner()];
    const foreign = await world.addVisitType(other.id);
    for (const query of [
      path(randomUUID()),
      path(id, `?visitTypeId=${randomUUID()}`),
      path(id, `?visitTypeId=${foreign}`),
    ]) {
      expect((await world.get(query)).status).toBe(404);
    }
    for (const query of ['?days=0', '?days=91', '?days=x', '?from=2030-02-30', '?from=yesterday', '?unknown=1']) {
      expect((await world.get(path(id, query))).status).toBe(400);
    }
  });
});

describe('the free starts of a visit type', () => {
  it('leave room for all of a longer visit', async () => {
    const { id } = await world.addPractitioner();
    const visitTypeId = await world.addVisitType(id, { durationMinutes: 90 });
    await world.deliver(bookingOf(id, '2030-01-07T09:00:00Z').created());
    const { body } = await world.get(path(id, `?days=1&visitTypeId=${visitTypeId}`));
    expect(body.days[0].slots).toEqual([{ start: '2030-01-07T09:30:00Z', end: '2030-01-07T11:00:00Z' }]);
  });

  it('keep the buffers of both visits apart', async () => {
    const { id } = await world.addPractitioner();
    const visitTypeId = await world.addVisitType(id, { bufferBeforeMinutes: 10, bufferAfterMinutes: 10 });
    await world.deliver(bookingOf(id, '2030-01-07T09:00:00Z', { after: 15 }).created());
    expect(await world.starts(id, MONDAY, `&visitTypeId=${visitTypeId}`)).toEqual(['09:00', '11:00', '11:30']);
  });

  it('end where a day has as many visits of the type as its cap', async () => {
    const { id } = await world.addPractitioner();
    const visitTypeId = await world.addVisitType(id, { dailyCap: 1 });
    await world.deliver(bookingOf(id, '2030-01-07T09:00:00Z', { visitTypeId }).created());
    const { body } = await world.get(path(id, `?days=2&visitTypeId=${visitTypeId}`));
    expect(body.days.map((day: Day) => day.slots.length)).toEqual([0, 6]);
    expect(body.nextAvailable).toBe('2030-01-08T08:00:00Z');
    expect(await world.starts(id, MONDAY)).toHaveLength(5);
  });

  it('keep to its own notice and horizon', async () => {
    const { id } = await world.addPractitioner();
    const visitTypeId = await world.addVisitType(id, { minimumNoticeMinutes: 1440 + 210, horizonDays: 2 });
    const { body } = await world.get(path(id, `?days=5&visitTypeId=${visitTypeId}`));
    expect(body.days.map((day: Day) => day.slots.length)).toEqual([0, 3, 6, 0, 0]);
  });
});

describe('many practitioners at once', () => {
  it('are answered in the order asked for, each once and by their own clock', async () => {
    const paris = await world.addPractitioner();
    const cayenne = await world.addPractitioner({ timeZone: 'America/Cayenne' });
    world.setTime('2030-01-08T01:00:00Z');
    const { status, body } = await world.get(
      `/fr/availability?practitionerIds=${[cayenne.id, paris.id, cayenne.id].join()}&days=1`,
    );
    world.setTime('2030-01-07T06:00:00Z');
    expect(status).toBe(200);
    expect(body.items.map((item: { practitionerId: string }) => item.practitionerId)).toEqual([cayenne.id, paris.id]);
    expect(body.items.map((item: { days: Day[] }) => item.days[0]?.date)).toEqual([MONDAY, '2030-01-08']);
    expect(body.items[0].nextAvailable).toBe('2030-01-08T12:00:00Z');
  });

  it('are found by ids in capitals, and so is a visit type', async () => {
    const { id } = await world.addPractitioner({ offersVisit: false });
    const visitTypeId = await world.addVisitType(id);
    const [one, two] = [`${id},${id}`.toUpperCase(), visitTypeId.toUpperCase()];
    const many = await world.get(`/fr/availability?practitionerIds=${one}&days=1`);
    const { status, body } = await world.get(path(id.toUpperCase(), `?days=1&visitTypeId=${two}`));
    expect([many.status, many.body, status]).toEqual([200, { items: [body] }, 200]);
  });

  it('are not found where one of them is unknown', async () => {
    const { id } = await world.addPractitioner();
    const unknown = randomUUID();
    const { status, body } = await world.get(`/fr/availability?practitionerIds=${id},${unknown}`);
    expect(status).toBe(404);
    expect(body.practitionerIds).toEqual([unknown]);
    expect((await world.get(`/fr/availability?practitionerIds=nobody`)).status).toBe(400);
  });
});
