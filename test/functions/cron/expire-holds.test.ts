import { randomUUID } from 'node:crypto';

import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { expireHolds } from '../../../functions/cron/expire-holds.ts';
import { bookingHistory, bookingOutbox, bookings } from '../../../shared/db/schema/booking.ts';
import { heldBooking, openContexts, type TestContexts } from './contexts.ts';
import { taskContext } from './tick.ts';

const now = Temporal.Instant.from('2031-03-03T08:00:00Z');
const context = taskContext({ now });

let contexts: TestContexts;
beforeAll(async () => {
  contexts = await openContexts();
});
afterAll(() => contexts.close());
beforeEach(async () => {
  await contexts.booking.delete(bookingOutbox);
});

async function hold(expiresAt: Temporal.Instant, others: Partial<ReturnType<typeof heldBooking>> = {}) {
  const booking = heldBooking({ holdExpiresAt: expiresAt, ...others });
  await contexts.booking.insert(bookings).values(booking);
  return booking;
}

async function find(id: string) {
  const [found] = await contexts.booking.select().from(bookings).where(eq(bookings.id, id));
  return found;
}

async function listEvents() {
  const rows = await contexts.booking.select().from(bookingOutbox).orderBy(bookingOutbox.seq);
  return rows.map(({ event }) => event);
}

describe('expiring holds', () => {
  it('releases a hold that has run out, keeps its history and tells of it', async () => {
    const held = await hold(now);
    expect(await expireHolds(contexts.booking).run(context)).toBe(1);
    expect(await find(held.id)).toMatchObject({ status: 'released', version: 2, actedBy: 'cron', actedAs: 'system' });
    const history = await contexts.booking.select().from(bookingHistory).where(eq(bookingHistory.bookingId, held.id));
    expect(history).toMatchObject([{ version: 1, status: 'held', actedBy: 'somebody' }]);
    expect(await listEvents()).toMatchObject([
      {
        type: 'careflow.booking.released.v1',
        subject: held.id,
        partitionkey: held.practitionerId,
        traceparent: context.traceparent,
        data: { bookingId: held.id, version: 2, cause: 'expired' },
      },
    ]);
  });

  it('leaves alone what is still held and what was confirmed', async () => {
    const live = await hold(now.add({ seconds: 1 }));
    const confirmed = await hold(now.subtract({ hours: 1 }), { status: 'confirmed' });
    expect(await expireHolds(contexts.booking).run(context)).toBe(0);
    expect([(await find(live.id))?.status, (await find(confirmed.id))?.status]).toEqual(['held', 'confirmed']);
    expect(await listEvents()).toEqual([]);
  });

  it('releases each hold once when several run at it', async () => {
    const practitionerId = randomUUID();
    const from = Temporal.Instant.from('2031-04-01T08:00:00Z');
    for (let slot = 0; slot < 240; slot += 1) {
      const slotStart = from.add({ minutes: 30 * slot });
      const slotEnd = slotStart.add({ minutes: 30 });
      await hold(now, { practitionerId, slotStart, slotEnd, busyStart: slotStart, busyEnd: slotEnd });
    }
    const task = expireHolds(contexts.booking);
    const counts = await Promise.all([task.run(context), task.run(context), task.run(context)]);
    expect(counts.reduce((sum: number, count) => sum + (count ?? 0), 0)).toBe(240);
    const events = await listEvents();
    expect(new Set(events.map(({ subject }) => subject)).size).toBe(240);
    expect(events).toHaveLength(240);
  });

  it('begins no batch once its time is over', async () => {
    const held = await hold(now);
    const signal = AbortSignal.abort();
    expect(await expireHolds(contexts.booking).run({ ...context, signal })).toBe(0);
    expect((await find(held.id))?.status).toBe('held');
  });
});
