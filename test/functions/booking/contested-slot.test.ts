import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { freePort } from '../../../infra/local/services/free-port.ts';
import { type Service } from '../../../infra/local/services/process.ts';
import { startRedis } from '../../../infra/local/services/redis.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { addPatients, addPractice, addVisitType } from '../../support/practices.ts';
import {
  asPatient,
  type BookingWorld,
  codesOf,
  openBookingWorld,
  post,
  slot,
  storedBookings,
} from './booking-world.ts';

const RIVALS = 200;

/** What Redis goes through while the slot is contested. */
const WEATHER = ['up', 'flushed in the middle', 'stopped'] as const;

const folder = await temporaryFolder();

describe.each(WEATHER)('a contested slot with Redis %s', (weather) => {
  let world: BookingWorld;
  let patients: string[];
  let redis: Service;
  beforeAll(async () => {
    const dir = folder;
    redis = await startRedis({ dir, port: await freePort(), logFile: `${dir}/redis.log` });
    world = await openBookingWorld(() => ({ REDIS_URL: redis.url }));
    patients = await addPatients(world.admin, RIVALS);
    if (weather === 'stopped') await redis.stop();
  });
  afterAll(async () => {
    await world.close();
    await redis.stop();
  });

  /** All at once; Redis forgets everything when half have been sent. */
  async function all(requests: readonly (() => ReturnType<typeof post>)[]) {
    const middle = Math.floor(requests.length / 2);
    const answers = requests.map((request, place) => {
      if (weather === 'flushed in the middle' && place === middle) void flush(redis.url);
      return request();
    });
    return Promise.all(answers);
  }

  function countOf(answers: { statusCode: number }[]): Record<number, number> {
    const counts: Record<number, number> = {};
    for (const { statusCode } of answers) counts[statusCode] = (counts[statusCode] ?? 0) + 1;
    return counts;
  }

  it('goes to exactly one patient; the others learn the next free slots', async () => {
    const practice = await addPractice(world.admin);
    const answers = await all(
      patients.map((patientId) => () => {
        const body = { ...practice, patientId, slotStart: slot(3) };
        return post(world, '/fr/bookings', { as: asPatient(patientId), body });
      }),
    );
    expect(countOf(answers)).toEqual({ 201: 1, 409: RIVALS - 1 });
    const refused = answers.filter(({ statusCode }) => statusCode === 409);
    for (const answer of refused) {
      expect(codesOf(answer)).toContain('slot-taken');
      expect(answer.json()).toMatchObject({ nextFreeSlots: [slot(3, '10:30'), slot(3, '11:00'), slot(3, '11:30')] });
    }
  });

  it('goes to one of those whose visits overlap it', async () => {
    const { practitionerId, visitTypeId } = await addPractice(world.admin);
    const hour = await addVisitType(world.admin, { practitionerId, durationMinutes: 60 });
    const wishes = [
      { visitTypeId: hour, slotStart: slot(4, '10:00') },
      { visitTypeId, slotStart: slot(4, '10:30') },
      { visitTypeId: hour, slotStart: slot(4, '10:30') },
    ];
    const answers = await all(
      patients.map((patientId, place) => () => {
        const body = { practitionerId, patientId, ...wishes[place % wishes.length] };
        return post(world, '/fr/bookings', { as: asPatient(patientId), body });
      }),
    );
    const winners = (await storedBookings(world)).filter((booking) => booking.practitionerId === practitionerId);
    expect(winners).toHaveLength(1);
    expect(countOf(answers)).toEqual({ 201: 1, 409: RIVALS - 1 });
  });

  it('goes either to a hold or to a booking', async () => {
    const practice = await addPractice(world.admin);
    const answers = await all(
      patients.map((patientId, place) => () => {
        const body = { ...practice, patientId, slotStart: slot(5) };
        return post(world, place % 2 === 0 ? '/fr/bookings' : '/fr/holds', { as: asPatient(patientId), body });
      }),
    );
    expect(countOf(answers)).toEqual({ 201: 1, 409: RIVALS - 1 });
  });

  it('goes to one of two bookings that move there', async () => {
    const practice = await addPractice(world.admin);
    const [one = '', two = ''] = patients;
    const former = await Promise.all(
      [one, two].map(async (patientId, place) => {
        const body = { ...practice, patientId, slotStart: slot(6, `1${place}:00`) };
        const booked = await post(world, '/fr/bookings', { as: asPatient(patientId), body });
        return { patientId, id: booked.json<{ id: string }>().id };
      }),
    );
    const answers = await all(
      former.map(({ patientId, id }) => () => {
        const body = { slotStart: slot(6, '15:00') };
        return post(world, `/fr/bookings/${id}/reschedule`, { as: asPatient(patientId), body });
      }),
    );
    expect(countOf(answers)).toEqual({ 200: 1, 409: 1 });
  });
});

async function flush(url: string): Promise<void> {
  const redis = new Redis(url);
  await redis.flushall();
  redis.disconnect();
}
