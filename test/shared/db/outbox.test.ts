import { randomUUID } from 'node:crypto';

import { asc, isNotNull, isNull } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { connectDatabase, type Database } from '../../../shared/db/client.ts';
import { type AppendEvents, createOutboxRelay, type OutboxRelay } from '../../../shared/db/outbox-relay.ts';
import { enqueue, forgetSent, type OutgoingEvent } from '../../../shared/db/outbox.ts';
import { bookingOutbox } from '../../../shared/db/schema/booking.ts';
import { createDatabase, type TestDatabase } from '../../support/services/database.ts';

/** An event that tells its key and its place among those of the key. */
function numbered(key: string, number: number): OutgoingEvent {
  const event = {
    specversion: '1.0' as const,
    id: randomUUID(),
    source: '/careflow/booking',
    type: 'careflow.booking.created.v1',
    subject: `${number}`,
    time: '2031-01-01T00:00:00Z',
    partitionkey: key,
    data: {},
  };
  return { topic: 'booking-events', partitionKey: key, event };
}

describe('sending what is unsent', () => {
  let database: TestDatabase;
  let db: Database;
  let relay: OutboxRelay;
  let log: string[];
  const append: AppendEvents = async (events) => {
    // Another turn, so that whoever does not wait is seen.
    await new Promise(setImmediate);
    log.push(...events.map(({ partitionKey, event }) => `${partitionKey}${event.subject}`));
  };

  beforeAll(async () => {
    database = await createDatabase();
    db = connectDatabase(database.urlFor('careflow_booking'), { applicationName: 'test' });
    relay = createOutboxRelay(db, bookingOutbox, append);
  });
  afterAll(async () => {
    await db.$client.end();
    await database.drop();
  });
  beforeEach(async () => {
    log = [];
    await db.delete(bookingOutbox);
  });

  async function write(...events: readonly OutgoingEvent[]): Promise<void> {
    for (const event of events) await enqueue(db, bookingOutbox, [event]);
  }

  async function unsent(): Promise<string[]> {
    const rows = await db
      .select()
      .from(bookingOutbox)
      .where(isNull(bookingOutbox.sentAt))
      .orderBy(asc(bookingOutbox.seq));
    return rows.map(({ partitionKey, event }) => `${partitionKey}${event.subject}`);
  }

  it('appends the oldest of each key first and marks them', async () => {
    await write(numbered('a', 1), numbered('b', 1), numbered('a', 2));
    expect(await relay.send(2)).toBe(2);
    expect([log, await unsent()]).toEqual([['a1', 'a2'], ['b1']]);
    expect(await relay.send(2)).toBe(1);
    expect(await relay.send(2)).toBe(0);
    expect(log).toEqual(['a1', 'a2', 'b1']);
  });

  it('takes those of the keys it is told', async () => {
    await write(numbered('a', 1), numbered('b', 1), numbered('c', 1));
    await relay.sendAll(['c', 'a']);
    expect([log, await unsent()]).toEqual([['a1', 'c1'], ['b1']]);
  });

  it('leaves all as it was where the log does not take them', async () => {
    await write(numbered('a', 1), numbered('a', 2));
    const away: AppendEvents = () => Promise.reject(new Error('away'));
    const relayAway = createOutboxRelay(db, bookingOutbox, away);
    await expect(relayAway.send(10)).rejects.toThrow('away');
    await expect(relayAway.sendAll(['a'])).rejects.toThrow('away');
    expect(await unsent()).toEqual(['a1', 'a2']);
    await relay.send(10);
    expect(log).toEqual(['a1', 'a2']);
  });

  it('does not see what is not committed, and sends it later', async () => {
    await db.transaction(async (tx) => {
      await enqueue(tx, bookingOutbox, [numbered('a', 1)]);
      expect(await relay.send(10)).toBe(0);
    });
    expect(await relay.send(10)).toBe(1);
  });

  it('sends every event once and in the order of its key, however many publishers run', async () => {
    const keys = ['a', 'b', 'c'];
    const publishers = Array.from({ length: 4 }, async (_, publisher) => {
      for (let round = 0; round < 15; round += 1) {
        await (publisher % 2 === 0 ? relay.send(3) : relay.sendAll(keys));
      }
    });
    const writers = keys.map(async (key) => {
      for (let number = 1; number <= 20; number += 1) await write(numbered(key, number));
    });
    await Promise.all([...publishers, ...writers]);
    await relay.sendAll(keys);
    for (const key of keys) {
      const ofKey = log.filter((entry) => entry.startsWith(key));
      expect(ofKey).toEqual(Array.from({ length: 20 }, (_, place) => `${key}${place + 1}`));
    }
  });

  it('sends all of its keys, more than fit a batch', async () => {
    const many = Array.from({ length: 1_201 }, (_, number) => numbered('a', number));
    await enqueue(db, bookingOutbox, many);
    await write(numbered('b', 1));
    await relay.sendAll(['a']);
    expect([log.length, log.at(0), log.at(-1), await unsent()]).toEqual([1_201, 'a0', 'a1200', ['b1']]);
  });

  it('forgets what was sent long ago, never what was not', async () => {
    await write(numbered('a', 1));
    await relay.send(1);
    await write(numbered('a', 2));
    const sent = () => db.$count(bookingOutbox, isNotNull(bookingOutbox.sentAt));
    await forgetSent(db, bookingOutbox, Temporal.Now.instant().subtract({ hours: 1 }));
    expect(await sent()).toBe(1);
    await forgetSent(db, bookingOutbox, Temporal.Now.instant().add({ hours: 1 }));
    expect([await sent(), await unsent()]).toEqual([0, ['a2']]);
  });
});
