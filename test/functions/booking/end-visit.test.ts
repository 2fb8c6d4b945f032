import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { addPatient } from '../../support/practices.ts';
import {
  addPeople,
  asPatient,
  asPractitioner,
  begin,
  booked,
  type BookingWorld,
  codesOf,
  eventTypes,
  held,
  OFFICE,
  openBookingWorld,
  type People,
  post,
  slot,
  statusesOf,
  storedEvents,
  storedHistory,
} from './booking-world.ts';

const ends = [
  { path: 'complete', status: 'completed', type: 'booking.completed' },
  { path: 'no-show', status: 'no_show', type: 'booking.no-show' },
] as const;

let world: BookingWorld;
beforeAll(async () => {
  world = await openBookingWorld(() => ({ LOOKUP_KEEP_MS: '1' }));
});
afterAll(() => world.close());

async function end(path: string, id: string, as: string, headers: Record<string, string> = {}) {
  return post(world, `/fr/bookings/${id}/${path}`, { as, headers });
}

/** A visit that began a moment ago, and whose it is. */
async function begun(): Promise<People & { readonly id: string }> {
  const who = await addPeople(world);
  const { id } = await booked(world, { ...who, slotStart: slot(3) });
  await begin(world.admin, id);
  return { ...who, id };
}

describe.each(ends)('POST /{country}/bookings/{id}/$path', ({ path, status, type }) => {
  it('ends a visit that has begun, raises the version, keeps the former state and tells of it', async () => {
    const { id, practitionerId, patientId } = await begun();
    const response = await end(path, id, asPractitioner(practitionerId));
    expect([response.statusCode, response.headers['etag']]).toEqual([200, '"2"']);
    expect(response.json()).toMatchObject({ id, status, version: 2, practitionerId, patientId });
    expect(await storedHistory(world, id)).toMatchObject([{ version: 1, status: 'confirmed', actedAs: 'patient' }]);
    const [, event] = await storedEvents(world, id);
    expect(event).toMatchObject({
      type: `careflow.${type}.v1`,
      partitionkey: practitionerId,
      data: { bookingId: id, version: 2 },
    });
  });

  it.each([OFFICE, 'admin root'])('is open to %s', async (office) => {
    const { id } = await begun();
    expect((await end(path, id, office)).json()).toMatchObject({ status });
  });

  it('is not for patients, other practitioners and other systems', async () => {
    const { id, patientId } = await begun();
    const elsewhere = asPractitioner((await addPeople(world)).practitionerId);
    const answers = [
      await end(path, id, asPatient(patientId)),
      await end(path, id, `patient+practitioner ${patientId}`),
      await end(path, id, 'system clinic'),
      await end(path, id, elsewhere),
      await end(path, id, `patient+practitioner ${await addPatient(world.admin)}`),
    ];
    expect(answers.map(({ statusCode }) => statusCode)).toEqual([403, 403, 403, 404, 404]);
    expect(await eventTypes(world, id)).toEqual(['booking.created']);
  });

  it('is too soon before the visit begins', async () => {
    const who = await addPeople(world);
    const { id, slotStart } = await booked(world, { ...who, slotStart: slot(3) });
    const refused = await end(path, id, OFFICE);
    expect(refused.statusCode).toBe(409);
    expect(refused.json()).toMatchObject({ reasons: [{ code: 'too-soon', earliest: slotStart }] });
  });

  it('is no end of a hold', async () => {
    const hold = await held(world, { ...(await addPeople(world)), slotStart: slot(3) });
    await begin(world.admin, hold.id);
    expect((await end(path, hold.id, OFFICE)).json()).toMatchObject({
      reasons: [{ code: 'wrong-status', status: 'held' }],
    });
  });

  it('happens once, whatever else is said of the visit at the same time', async () => {
    const { id } = await begun();
    const answers = await Promise.all(['complete', 'no-show', path, path].map((each) => end(each, id, OFFICE)));
    expect(statusesOf(answers)).toEqual([200, 409, 409, 409]);
    expect(codesOf(await end(path, id, OFFICE))).toEqual(['wrong-status']);
    expect(await eventTypes(world, id)).toHaveLength(2);
  });

  it('answers the same under the same idempotency key', async () => {
    const { id } = await begun();
    const headers = { 'idempotency-key': `${path}-once`, 'if-match': '"1"' };
    const twins = await Promise.all([end(path, id, OFFICE, headers), end(path, id, OFFICE, headers)]);
    const later = await end(path, id, OFFICE, headers);
    expect(statusesOf([...twins, later])).toEqual([200, 200, 200]);
    expect(later.headers['idempotency-replayed']).toBe('true');
    expect(await eventTypes(world, id)).toEqual(['booking.created', type]);
  });

  it('is refused with 412 where If-Match names another version', async () => {
    const { id } = await begun();
    expect((await end(path, id, OFFICE, { 'if-match': '"2"' })).statusCode).toBe(412);
    expect((await end(path, id, OFFICE, { 'if-match': '"1"' })).statusCode).toBe(200);
  });
});

describe('a visit that has begun', () => {
  it('is cancelled and moved by nobody', async () => {
    const { id, patientId, practitionerId } = await begun();
    for (const as of [asPatient(patientId), asPractitioner(practitionerId), OFFICE]) {
      const cancelled = await end('cancel', id, as);
      const moved = await post(world, `/fr/bookings/${id}/reschedule`, { as, body: { slotStart: slot(4) } });
      expect([cancelled.statusCode, moved.statusCode]).toEqual([409, 409]);
      expect([codesOf(cancelled).at(-1), codesOf(moved).at(-1)]).toEqual(['begun', 'begun']);
    }
  });

  it('is either cancelled or completed where both are asked for as it begins', async () => {
    const who = await addPeople(world);
    const { id } = await booked(world, { ...who, slotStart: slot(3) });
    const answers = await Promise.all([
      end('cancel', id, OFFICE),
      begin(world.admin, id).then(() => end('complete', id, OFFICE)),
    ]);
    expect(statusesOf(answers)).toEqual([200, 409]);
    expect(await eventTypes(world, id)).toHaveLength(2);
  });
});
