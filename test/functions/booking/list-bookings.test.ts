import { randomUUID } from 'node:crypto';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { addPatient, addProxy } from '../../support/practices.ts';
import {
  addPeople,
  asPatient,
  asPractitioner,
  type Booking,
  booked,
  type BookingWorld,
  get,
  held,
  OFFICE,
  openBookingWorld,
  type People,
  post,
  remove,
  slot,
} from './booking-world.ts';

type Page = { items: Booking[]; nextCursor: string | null };

describe('GET /{country}/bookings', () => {
  let world: BookingWorld;
  beforeAll(async () => {
    world = await openBookingWorld();
  });
  afterAll(() => world.close());

  async function page(query: Record<string, string>, as: string = OFFICE): Promise<Page> {
    const response = await get(world, `/fr/bookings?${new URLSearchParams(query).toString()}`, as);
    expect(response.statusCode).toBe(200);
    return response.json();
  }

  async function everyPage(query: Record<string, string>): Promise<Page[]> {
    const pages = [await page(query)];
    for (let cursor = pages[0]?.nextCursor; cursor; cursor = pages.at(-1)?.nextCursor) {
      pages.push(await page({ ...query, cursor }));
    }
    return pages;
  }

  /** Bookings of many patients that all start at the same time, so that only their ids tell them apart. */
  async function bookAtOnce(count: number, slotStart: string): Promise<Booking[]> {
    return Promise.all(
      Array.from({ length: count }, async () => booked(world, { ...(await addPeople(world)), slotStart })),
    );
  }

  it('goes through bookings that start together once each, whatever the size of the page', async () => {
    const from = slot(30);
    const to = slot(30, '10:30');
    const together = await bookAtOnce(5, from);
    for (const limit of ['1', '2', '5', '100']) {
      const pages = await everyPage({ from, to, limit });
      expect(pages.flatMap(({ items }) => items)).toEqual(together.toSorted((a, b) => (a.id < b.id ? -1 : 1)));
      expect(pages).toHaveLength(Math.ceil(together.length / Number(limit)));
    }
  });

  it('neither repeats nor skips what stays while bookings before and after the page come and go', async () => {
    const who = await addPeople(world);
    const times = ['09:00', '10:00', '11:00', '12:00'];
    const [first, second, third, fourth] = await Promise.all(
      times.map((time) => booked(world, { ...who, slotStart: slot(31, time), sameSpecialty: 'keep' })),
    );
    const query = { practitionerId: who.practitionerId, status: 'confirmed', limit: '2' };
    const start = await page(query);
    await post(world, `/fr/bookings/${first?.id}/cancel`, { as: OFFICE });
    await booked(world, { ...who, patientId: await addPatient(world.admin), slotStart: slot(31, '08:00') });
    const rest = await page({ ...query, cursor: start.nextCursor ?? '' });
    expect(start.items).toEqual([first, second]);
    expect(rest).toEqual({ items: [third, fourth], nextCursor: null });
  });

  it('selects by patient, practitioner, span of time and status', async () => {
    const who: People = await addPeople(world);
    const other = await addPatient(world.admin);
    const early = await booked(world, { ...who, slotStart: slot(40, '09:00') });
    const late = await booked(world, { ...who, slotStart: slot(48, '09:00') });
    const others = await booked(world, { ...who, patientId: other, slotStart: slot(40, '10:00') });
    const { json } = await post(world, `/fr/bookings/${late.id}/cancel`, { as: OFFICE });
    const cancelled = json();
    const { practitionerId, patientId } = who;
    const listed = async (query: Record<string, string>) => (await page({ practitionerId, ...query })).items;
    expect(await listed({})).toEqual([early, others, cancelled]);
    expect(await listed({ patientId })).toEqual([early, cancelled]);
    expect(await listed({ status: 'cancelled' })).toEqual([cancelled]);
    expect(await listed({ from: early.slotStart, to: others.slotStart })).toEqual([early]);
    expect(await listed({ from: others.slotEnd, to: early.slotStart })).toEqual([]);
    expect(await listed({ patientId: patientId.toUpperCase() })).toEqual([early, cancelled]);
  });

  it('lists holds while they hold, and what was given back only to who asks for it', async () => {
    const who = await addPeople(world);
    const { id } = await held(world, { ...who, slotStart: slot(50) });
    const ids = async (query: object) =>
      (await page({ practitionerId: who.practitionerId, ...query })).items.map((item) => item.id);
    expect(await ids({})).toEqual([id]);
    await remove(world, `/fr/holds/${id}`, OFFICE);
    expect([await ids({}), await ids({ status: 'released' })]).toEqual([[], [id]]);
  });

  it('lets patients list their own and those they act for, practitioners their own, the office all', async () => {
    const who = await addPeople(world);
    const guardian = await addPatient(world.admin);
    await addProxy(world.admin, who.patientId, guardian);
    const booking = await booked(world, { ...who, slotStart: slot(52) });
    const { patientId, practitionerId } = who;
    const capitals = { patientId: patientId.toUpperCase(), practitionerId: practitionerId.toUpperCase() };
    for (const as of [asPatient(patientId), asPatient(guardian), asPractitioner(practitionerId), OFFICE]) {
      expect((await page({ patientId, practitionerId }, as)).items).toEqual([booking]);
      expect((await page(capitals, as)).items).toEqual([booking]);
    }
    const refused = [
      ['', asPatient(patientId)],
      [`practitionerId=${practitionerId}`, asPatient(patientId)],
      [`patientId=${patientId}`, asPatient(await addPatient(world.admin))],
      [`patientId=${patientId}`, asPractitioner(practitionerId)],
      [`practitionerId=${practitionerId}`, asPractitioner(randomUUID())],
      [`patientId=${patientId}`, 'patient nobody-we-know'],
    ] as const;
    for (const [query, as] of refused) {
      expect((await get(world, `/fr/bookings?${query}`, as)).statusCode).toBe(403);
    }
  });

  it('shows nothing of another country', async () => {
    const who = await addPeople(world);
    await booked(world, { ...who, slotStart: slot(53) });
    const abroad = `/de/bookings?practitionerId=${who.practitionerId}`;
    expect((await get(world, abroad, 'admin root')).json()).toEqual({ items: [], nextCursor: null });
    expect((await get(world, abroad, OFFICE)).statusCode).toBe(403);
  });

  const id = '00000000-0000-7000-8000-000000000000';
  it.each([
    ['a cursor of garbage', { cursor: 'garbage' }],
    ['an empty cursor', { cursor: '' }],
    ['a cursor without an id', { cursor: cursorOf('1767225600000') }],
    ['a cursor of another year than ours', { cursor: cursorOf(`999999999999999.${id}`) }],
    ['a cursor with SQL in it', { cursor: cursorOf(`1.${id}'; DROP TABLE booking.bookings; --`) }],
    ['a cursor that goes on', { cursor: cursorOf(`1.${id}.1`) }],
    ['no number of bookings', { limit: '0' }],
    ['too many bookings', { limit: '101' }],
    ['a status that there is not', { status: 'lost' }],
    ['a day for a time', { from: '2026-01-01' }],
    ['a time before all clocks', { from: '0001-01-01T00:00:00+23:59' }],
    ['a time after all calendars', { to: '9999-12-31T23:59:59-23:59' }],
    ['a time too fine to tell', { from: '2026-01-01T00:00:00.1234567891Z' }],
    ['a member that is not known', { q: 'x' }],
  ])('refuses %s', async (_, query) => {
    const response = await get(world, `/fr/bookings?${new URLSearchParams(query).toString()}`, OFFICE);
    expect([response.statusCode, response.json<{ code: string }>().code]).toEqual([400, 'invalid-input']);
  });

  it('takes the last cursor there can be', async () => {
    expect(await page({ cursor: cursorOf(`9999999999999.${id}`) })).toEqual({ items: [], nextCursor: null });
  });
});

function cursorOf(text: string): string {
  return Buffer.from(text).toString('base64url');
}
