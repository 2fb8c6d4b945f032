import { randomUUID } from 'node:crypto';

import { isNull } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { sweepOutbox } from '../../../functions/cron/sweep-outbox.ts';
import { BookingCreated } from '../../../schemas/events/booking.v1.ts';
import type { AppendEvents } from '../../../shared/db/outbox-relay.ts';
import { enqueue, outgoing, type OutgoingEvent } from '../../../shared/db/outbox.ts';
import { bookingOutbox } from '../../../shared/db/schema/booking.ts';
import { AppError } from '../../../shared/errors.ts';
import { appendTo } from '../../../shared/events/append.ts';
import type { EventLog } from '../../../shared/events/event-log.ts';
import { openEventLog } from '../../../shared/events/open-event-log.ts';
import { createEmptyDatabase, type TestDatabase } from '../../support/services/database.ts';
import { describeOnEventLogs, eventLogUrl } from '../../support/services/event-logs.ts';
import { topicPrefix } from '../../support/services/topics.ts';
import { openContexts, type TestContexts } from './contexts.ts';
import { taskContext } from './tick.ts';

let contexts: TestContexts;
let logDatabase: TestDatabase;
beforeAll(async () => {
  [contexts, logDatabase] = await Promise.all([openContexts(), createEmptyDatabase()]);
});
afterAll(async () => {
  await contexts.close();
  await logDatabase.drop();
});
beforeEach(async () => {
  await contexts.booking.delete(bookingOutbox);
});

/** So many events a key, as commits that nobody published left them. */
async function leaveUnsent(topic: string, keys: readonly string[], each: number): Promise<void> {
  for (let turn = 0; turn < each; turn += 1) {
    const events = keys.map((key) => unsent(topic, key, turn));
    await enqueue(contexts.booking, bookingOutbox, events);
  }
}

function unsent(topic: string, key: string, turn: number): OutgoingEvent {
  const time = Temporal.Instant.from('2031-03-03T09:00:00Z').add({ seconds: turn });
  const slot = {
    slotStart: time.toString(),
    slotEnd: time.toString(),
    busyStart: time.toString(),
    busyEnd: time.toString(),
  };
  const ids = { bookingId: randomUUID(), practitionerId: key, patientId: randomUUID(), visitTypeId: randomUUID() };
  const data = { ...ids, ...slot, version: turn + 1, country: 'fr' };
  const about = { id: randomUUID(), subject: ids.bookingId, partitionKey: key, time, traceparent: 'none' };
  return { ...outgoing(BookingCreated, { ...about, data }), topic };
}

function countUnsent(): Promise<number> {
  return contexts.booking.$count(bookingOutbox, isNull(bookingOutbox.sentAt));
}

function sweep(append: AppendEvents): Promise<number | undefined> {
  return sweepOutbox('booking', contexts.booking, bookingOutbox, append).run(taskContext());
}

const refuse: AppendEvents = () => Promise.reject(new AppError('unavailable', 'the event log does not answer'));

describeOnEventLogs('sweeping an outbox into', (eventLogName) => {
  let eventLog: EventLog;
  beforeAll(() => {
    eventLog = openEventLog(eventLogUrl(eventLogName, logDatabase.url), { clientId: 'sweep-test' });
  });
  afterAll(() => eventLog.close());

  async function newTopic(): Promise<string> {
    const topic = `${topicPrefix()}booking-events`;
    await eventLog.ensureTopics([{ name: topic, partitions: 3 }]);
    return topic;
  }

  /** The turns of each key, as they lie in the log. */
  async function turnsOf(topic: string): Promise<ReadonlyMap<string, number[]>> {
    const turns = new Map<string, number[]>();
    for await (const { key, value } of eventLog.read(topic)) {
      const { version }: { version: number } = JSON.parse(value?.toString() ?? '');
      turns.set(key ?? '', [...(turns.get(key ?? '') ?? []), version]);
    }
    return turns;
  }

  it('publishes all that a crash left, in order per key', async () => {
    const topic = await newTopic();
    const keys = Array.from({ length: 30 }, () => randomUUID());
    await leaveUnsent(topic, keys, 40);
    expect(await sweep(appendTo(eventLog))).toBe(1_200);
    expect(await countUnsent()).toBe(0);
    const turns = await turnsOf(topic);
    const inOrder = Array.from({ length: 40 }, (_, turn) => turn + 1);
    expect(keys.map((key) => turns.get(key))).toEqual(keys.map(() => inOrder));
  });

  it('at the same time as another publishes each event once', async () => {
    const topic = await newTopic();
    const key = randomUUID();
    await leaveUnsent(topic, [key], 60);
    const counts = await Promise.all([sweep(appendTo(eventLog)), sweep(appendTo(eventLog))]);
    expect((counts[0] ?? 0) + (counts[1] ?? 0)).toBe(60);
    expect((await turnsOf(topic)).get(key)).toEqual(Array.from({ length: 60 }, (_, turn) => turn + 1));
  });
});

describe('while the event log is away', () => {
  it('events stay in the outbox, and the sweep fails', async () => {
    await leaveUnsent('booking-events', [randomUUID()], 5);
    await expect(sweep(refuse)).rejects.toThrow('the event log does not answer');
    expect(await countUnsent()).toBe(5);
  });

  it('that comes back in the middle, what is left goes out in order', async () => {
    const key = randomUUID();
    await leaveUnsent('booking-events', [key], 1_200);
    const sent: number[] = [];
    let batches = 0;
    const flaky: AppendEvents = async (events) => {
      batches += 1;
      if (batches === 2) return refuse(events);
      for (const { event } of events) sent.push(versionOf(event.data));
    };
    await expect(sweep(flaky)).rejects.toThrow('the event log does not answer');
    expect(await countUnsent()).toBe(700);
    expect(await sweep(flaky)).toBe(700);
    expect(sent).toEqual(Array.from({ length: 1_200 }, (_, turn) => turn + 1));
  });
});

function versionOf(data: unknown): number {
  const { version } = BookingCreated.data.parse(data);
  return version;
}
