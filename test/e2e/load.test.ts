import { randomUUID } from 'node:crypto';

import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { createDice } from '../../infra/seed/dice.ts';
import { connectDatabase, type Database } from '../../shared/db/client.ts';
import { bookings } from '../../shared/db/schema/booking.ts';
import { notices } from '../../shared/db/schema/notification.ts';
import { busySlots } from '../../shared/db/schema/practitioner.ts';
import { listDifferences } from '../load/check.ts';
import { type Client, createClient } from '../load/client.ts';
import type { AnsweredBooking, Ledger } from '../load/ledger.ts';
import { prove } from '../load/proof.ts';
import { load } from '../load/run.ts';
import { createTally, type Tally } from '../load/tally.ts';
import { startTestPlatform, type TestPlatform } from './platform.ts';

const BOOKINGS = 60;

let platform: TestPlatform;
let db: Database;
let client: Client;
const tally: Tally = createTally();
const subject = `load-${randomUUID()}`;
const startedAt = Temporal.Now.instant();
beforeAll(async () => {
  platform = await startTestPlatform('postgres');
  const { DATABASE_URL = '' } = platform.running.platform.environment;
  db = connectDatabase(DATABASE_URL, { applicationName: 'test' });
  client = createClient({ platform: platform.running.platform, subject, connections: 4, tally, deadlineMs: 60_000 });
}, 180_000);
afterAll(async () => {
  await Promise.all([db.$client.end(), client.close()]);
  await platform.stop();
});

let ledger: Ledger;

async function failing(): Promise<string[]> {
  const checks = await prove({ platform: platform.running.platform, client, ledger, subject, startedAt });
  return checks.filter(({ differences }) => differences.length > 0).map(({ what }) => what);
}

describe('a load of the platform', () => {
  it('is answered, and all that was answered holds', async () => {
    const { platform: running } = platform.running;
    const said: string[] = [];
    const say = (line: string) => said.push(line);
    ledger = await load(
      { platform: running, dice: createDice('load'), bookings: BOOKINGS, concurrency: 4, say },
      client,
      tally,
    );
    const checks = await prove({ platform: running, client, ledger, subject, startedAt });
    expect(listDifferences(checks)).toEqual([]);
    expect(checks.map(({ examined }) => examined).slice(0, 4)).toEqual(Array.from({ length: 4 }, () => BOOKINGS));
    expect(said.join('\n')).toMatch(/60 bookings in .*\n[^]*book .*201: 60/);
    expect(new Set([...ledger.bookings.values()].map(({ status }) => status))).toEqual(
      new Set(['confirmed', 'cancelled']),
    );
  }, 180_000);

  it('is told what was lost, moved or doubled', async () => {
    const [first, second, third, fourth] = confirmed();
    await db.update(bookings).set({ version: 7 }).where(eq(bookings.id, first.id));
    expect(await failing()).toEqual([
      'bookings are stored in the state, version and slot last answered',
      'bookings of the practitioners touched are projected as they are',
    ]);
    await db.update(bookings).set({ version: first.version }).where(eq(bookings.id, first.id));

    await db.update(busySlots).set({ active: false }).where(eq(busySlots.bookingId, second.id));
    expect(await failing()).toContain('bookings of the practitioners touched are projected as they are');
    await db.update(busySlots).set({ active: true }).where(eq(busySlots.bookingId, second.id));

    await db.delete(notices).where(eq(notices.subjectId, third.id));
    expect(await failing()).toEqual([
      'bookings were last told to patient and practitioner in every way they allow',
      'messages belong to a delivery',
    ]);

    await db.update(bookings).set({ status: 'released', actedBy: 'nobody' }).where(eq(bookings.id, fourth.id));
    expect(await failing()).toEqual([
      'bookings are stored in the state, version and slot last answered',
      'bookings were last told to patient and practitioner in every way they allow',
      'messages belong to a delivery',
      'bookings of the practitioners touched are projected as they are',
      'days of the practitioners touched have the bits that their bookings give',
      'practitioners show exactly the slots that their bookings leave free',
    ]);
  }, 180_000);
});

function confirmed(): [AnsweredBooking, AnsweredBooking, AnsweredBooking, AnsweredBooking] {
  const [one, two, three, four] = [...ledger.bookings.values()].filter(({ status }) => status === 'confirmed');
  if (!one || !two || !three || !four) throw new Error('too few bookings were confirmed');
  return [one, two, three, four];
}
