import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { cancelVisits } from '../../../functions/worker/cancel-visits.ts';
import { bookings } from '../../../shared/db/schema/booking.ts';
import { practitioners } from '../../../shared/db/schema/practitioner.ts';
import { dayBits } from '../../../shared/domain/day-bits.ts';
import { defaultGrid } from '../../../shared/domain/grid.ts';
import { createRefusals } from '../../../shared/redis/refusals.ts';
import { addPatient, addVisitType, closeDays } from '../../support/practices.ts';
import { until } from '../../support/until.ts';
import {
  addPeople,
  asPatient,
  book,
  booked,
  type BookingWorld,
  codesOf,
  held,
  OFFICE,
  openBookingWorld,
  type People,
  post,
  slot,
  statusesOf,
  storedBookings,
} from './booking-world.ts';

let world: BookingWorld;
beforeAll(async () => {
  world = await openBookingWorld(() => ({ LOOKUP_KEEP_MS: '1' }));
});
afterAll(() => world.close());

const NOTHING: readonly number[] = [];
const EVERYTHING = Array.from({ length: defaultGrid.slotsPerDay }, (_, place) => place);

/** Writes into the bitmap that the same slots of every day are free, whatever is true. */
async function plant({ practitionerId }: People, free: readonly number[]): Promise<void> {
  const [row] = await world.admin.select().from(practitioners).where(eq(practitioners.id, practitionerId));
  const start = Temporal.Now.plainDateISO('Europe/Paris');
  const days = Array.from({ length: world.bitmap.windowDays }, () => dayBits(defaultGrid, free));
  await world.bitmap.writeRow({ ordinal: row?.ordinal ?? -1, start, days });
}

async function rival(who: People): Promise<People> {
  return { ...who, patientId: await addPatient(world.admin) };
}

describe('a bitmap that is wrong', () => {
  it('refuses nothing where it says that all is taken', async () => {
    const who = await addPeople(world);
    await plant(who, NOTHING);
    await booked(world, { ...who, slotStart: slot(3) });
    await held(world, { ...(await rival(who)), slotStart: slot(3, '10:30') });
  });

  it('lets nothing pass where it says that all is free', async () => {
    const who = await addPeople(world);
    await plant(who, EVERYTHING);
    await booked(world, { ...who, slotStart: slot(3) });
    await closeDays(world.admin, who.practitionerId, slot(4).slice(0, 10));
    const other = await rival(who);
    const answers = [
      await book(world, { ...other, slotStart: slot(3) }),
      await book(world, { ...other, slotStart: slot(4) }),
      await book(world, { ...other, slotStart: slot(5, '07:30') }),
      await book(world, { ...other, slotStart: slot(5, '10:15') }),
    ];
    expect(answers.map(codesOf)).toEqual([
      ['slot-taken'],
      ['outside-working-hours'],
      ['off-grid', 'outside-working-hours'],
      ['off-grid'],
    ]);
  });

  it('spares a write that is hopeless, and tells the same', async () => {
    const who = await addPeople(world);
    await booked(world, { ...who, slotStart: slot(6) });
    await plant(who, NOTHING);
    const refused = await book(world, { ...(await rival(who)), slotStart: slot(6) });
    expect(codesOf(refused)).toEqual(['slot-taken']);
    expect(refused.json()).toMatchObject({ nextFreeSlots: [slot(6, '10:30'), slot(6, '11:00'), slot(6, '11:30')] });
  });
});

describe('a slot that was refused a moment ago', () => {
  it('is refused from memory, with what holds for everybody and nothing of the one who was refused', async () => {
    const specialty = 'paediatrics';
    const who = await addPeople(world, { specialty });
    const other = await rival(who);
    await booked(world, { ...other, slotStart: slot(8) });
    await booked(world, { ...who, slotStart: slot(7) });
    const refused = await book(world, { ...other, slotStart: slot(7) });
    expect(codesOf(refused)).toEqual(['slot-taken', 'same-specialty']);
    await emptyCalendar(who);
    const next = await book(world, { ...(await rival(who)), slotStart: slot(7) });
    expect(codesOf(next)).toEqual(['slot-taken']);
    expect(next.json()).toMatchObject({ nextFreeSlots: [slot(7, '10:30'), slot(7, '11:00'), slot(7, '11:30')] });
  });

  it('is asked for anew when two seconds have passed', async () => {
    const who = await addPeople(world);
    const wish = { ...(await rival(who)), slotStart: slot(9) };
    await booked(world, { ...who, slotStart: slot(9) });
    expect(codesOf(await book(world, wish))).toEqual(['slot-taken']);
    await emptyCalendar(who);
    expect(codesOf(await book(world, wish))).toEqual(['slot-taken']);
    await until(async () => (await book(world, wish)).statusCode === 201, { what: 'the refusal to end' });
  });

  it('can be had for the length of another visit', async () => {
    const who = await addPeople(world, { durationMinutes: 60 });
    const short = await addVisitType(world.admin, { practitionerId: who.practitionerId });
    await booked(world, { ...who, visitTypeId: short, slotStart: slot(10, '10:30') });
    const other = await rival(who);
    expect(codesOf(await book(world, { ...other, slotStart: slot(10) }))).toEqual(['slot-taken']);
    await booked(world, { ...other, visitTypeId: short, slotStart: slot(10) });
  });

  it('can be had from the moment a hold on it expires', async () => {
    const who = await addPeople(world);
    const hold = await held(world, { ...who, slotStart: slot(11) });
    const holdExpiresAt = Temporal.Now.instant().add({ milliseconds: 700 });
    await world.admin.update(bookings).set({ holdExpiresAt }).where(eq(bookings.id, hold.id));
    const wish = { ...(await rival(who)), slotStart: slot(11) };
    expect(codesOf(await book(world, wish))).toEqual(['slot-taken']);
    await until(() => Temporal.Instant.compare(Temporal.Now.instant(), holdExpiresAt) >= 0, {
      what: 'the hold to end',
    });
    expect((await book(world, wish)).statusCode).toBe(201);
  });

  it('can be had after a cancellation, however many are refused while it commits', async () => {
    const who = await addPeople(world);
    const { id } = await booked(world, { ...who, slotStart: slot(12) });
    const rivals = await Promise.all(Array.from({ length: 20 }, () => rival(who)));
    const wishes = rivals.map((each) => () => book(world, { ...each, slotStart: slot(12) }));
    const [cancelled] = await Promise.all([
      post(world, `/fr/bookings/${id}/cancel`, { as: asPatient(who.patientId) }),
      ...wishes.map((wish) => wish()),
    ]);
    expect(cancelled?.statusCode).toBe(200);
    const all = await storedBookings(world, eq(bookings.practitionerId, who.practitionerId));
    const taken = all.some(({ status }) => status === 'confirmed');
    const late = await book(world, { ...(await rival(who)), slotStart: slot(12) });
    expect(late.statusCode).toBe(taken ? 409 : 201);
  });

  it('can be had as soon as the worker has cancelled the visits of whoever is erased, or given their holds back', async () => {
    const now = Temporal.Now.instant();
    const cancellation = { now, traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01` };
    for (const take of [booked, held]) {
      const who = await addPeople(world);
      const wish = { ...(await rival(who)), slotStart: slot(13) };
      await take(world, { ...who, slotStart: slot(13) });
      expect(codesOf(await book(world, wish))).toEqual(['slot-taken']);
      const calendar = { db: world.admin, refusals: createRefusals(world.redis) };
      await cancelVisits(calendar, who.patientId, cancellation);
      expect((await book(world, wish)).statusCode).toBe(201);
    }
  });

  it('can be had where whoever freed it died before it could say so a second time', async () => {
    const who = await addPeople(world);
    const { id } = await booked(world, { ...who, slotStart: slot(13) });
    const wish = { ...(await rival(who)), slotStart: slot(13) };
    await createRefusals(world.redis).forget(who.practitionerId);
    expect(codesOf(await book(world, wish))).toEqual(['slot-taken']);
    await world.admin.update(bookings).set({ status: 'cancelled' }).where(eq(bookings.id, id));
    expect((await book(world, wish)).statusCode).toBe(201);
  });

  it('is not taken for refused where only the key of the request was used before', async () => {
    const who = await addPeople(world);
    const other = await rival(who);
    const headers = { 'idempotency-key': 'one-key-for-two' };
    const answers = await Promise.all([
      book(world, { ...who, slotStart: slot(14) }, { as: OFFICE, headers }),
      book(world, { ...who, slotStart: slot(14, '15:00') }, { as: OFFICE, headers }),
    ]);
    expect(statusesOf(answers)).toEqual([201, 422]);
    const free = answers[0]?.statusCode === 422 ? slot(14) : slot(14, '15:00');
    expect((await book(world, { ...other, slotStart: free })).statusCode).toBe(201);
  });
});

/** Cancels what a practitioner has without telling anybody: what is refused now is refused from memory. */
async function emptyCalendar({ practitionerId }: People): Promise<void> {
  await world.admin.update(bookings).set({ status: 'cancelled' }).where(eq(bookings.practitionerId, practitionerId));
}
