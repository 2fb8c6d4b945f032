import { randomUUID } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { EventLog, LogRecord, StoredRecord, Subscriber, Subscription } from '../../../shared/events/event-log.ts';
import { until } from '../../support/until.ts';

/** Longer than a member may be silent in either adapter. */
const LONGER_THAN_A_SESSION_MS = 12_000;

/** What every event log promises, whichever adapter is behind it. */
export function describeEventLog(name: string, open: () => Promise<EventLog> | EventLog): void {
  describe.concurrent(name, () => {
    let log: EventLog;
    let other: EventLog;

    beforeAll(async () => {
      [log, other] = await Promise.all([open(), open()]);
    });
    afterAll(async () => {
      await Promise.all([log.close(), other.close()]);
    });

    async function newTopic(partitions = 1): Promise<string> {
      const topic = `topic-${randomUUID()}`;
      await log.ensureTopics([{ name: topic, partitions }]);
      return topic;
    }

    it('keeps the order of each key, and spreads keys as Kafka does', async () => {
      const topic = await newTopic(4);
      const sent = Array.from({ length: 200 }, (_, at) => record(topic, `key-${at % 20}`, String(at)));
      for (let at = 0; at < sent.length; at += 40) await log.append(sent.slice(at, at + 40));
      const stored = await readAll(log, topic);
      for (const [key, records] of Map.groupBy(stored, (each) => each.key)) {
        expect(records.map(text)).toEqual(sent.filter((each) => each.key === key).map(text));
      }
      // What the Java client's murmur2 partitioner answers for four partitions.
      expect(partitionsByKey(stored)).toMatchObject({ 'key-0': [1], 'key-1': [0], 'key-2': [2], 'key-3': [3] });
    });

    it('keeps the order of a key over appends that nobody awaited in between', async () => {
      const topic = await newTopic(2);
      const values = Array.from({ length: 60 }, (_, at) => String(at));
      await Promise.all(values.map((value) => log.append([record(topic, 'same', value)])));
      expect((await readAll(log, topic)).map(text)).toEqual(values);
    });

    it('gives back key, value, headers and time, a tombstone and a megabyte', async () => {
      const topic = await newTopic();
      const megabyte = Buffer.alloc(1_000_000, 'x');
      const before = Temporal.Now.instant().epochMilliseconds;
      await log.append([
        { topic, key: 'ключ', value: Buffer.from([0, 255, 7]), headers: { ce_type: 'größe', empty: '' } },
        { topic, key: 'gone', value: null, headers: {} },
        { topic, key: null, value: megabyte, headers: {} },
      ]);
      const [first, tombstone, large] = await readAll(log, topic);
      expect(first).toMatchObject({ topic, partition: 0, offset: 0n, key: 'ключ', value: Buffer.from([0, 255, 7]) });
      expect(first?.headers).toEqual({ ce_type: 'größe', empty: '' });
      expect(first?.timestamp.epochMilliseconds).toBeGreaterThanOrEqual(before - 1_000);
      expect(tombstone).toMatchObject({ key: 'gone', value: null, offset: 1n });
      expect(large?.key).toBeNull();
      expect(large?.value?.equals(megabyte)).toBe(true);
    });

    it('takes many megabytes in one append', async () => {
      const topic = await newTopic();
      const value = Buffer.alloc(300_000, 'y');
      await log.append(Array.from({ length: 12 }, () => ({ ...record(topic, 'k', ''), value })));
      expect(await readAll(log, topic)).toHaveLength(12);
    });

    it('makes topics once, however often it is asked', async () => {
      const topic = `topic-${randomUUID()}`;
      const wanted = [{ name: topic, partitions: 3 }];
      await Promise.all([log.ensureTopics(wanted), other.ensureTopics(wanted)]);
      await log.ensureTopics(wanted);
      await log.append([record(topic, 'k', 'one')]);
      expect((await readAll(other, topic)).map(text)).toEqual(['one']);
    });

    it('reads to what was the end at the call', async () => {
      const topic = await newTopic(2);
      expect(await readAll(log, topic)).toEqual([]);
      await log.append([record(topic, 'a', '1'), record(topic, 'b', '2'), record(topic, 'c', '3')]);
      expect((await readAll(log, topic)).map(text).toSorted()).toEqual(['1', '2', '3']);
      for await (const first of log.read(topic)) {
        expect(first.topic).toBe(topic);
        break;
      }
    });

    it('hands over one record of a partition at a time, in order', async () => {
      const topic = await newTopic();
      await log.append(numbered(topic, 'k', 30));
      const member = await join(log, topic, { inFlightPerPartition: 1 });
      await until(() => member.done.length === 30, { what: 'thirty records' });
      await member.stop();
      expect(member.done.map(text)).toEqual(numbered(topic, 'k', 30).map(text));
      expect(member.mostAtOnce).toBe(1);
    });

    it('hands over as many records of a partition at once as it may', async () => {
      const topic = await newTopic();
      await log.append(numbered(topic, 'k', 30));
      const gate = Promise.withResolvers<void>();
      const member = await join(log, topic, { inFlightPerPartition: 5 }, () => gate.promise);
      await until(() => member.started.length === 5, { what: 'five records at once' });
      gate.resolve();
      await until(() => member.done.length === 30, { what: 'thirty records' });
      await member.stop();
      expect(member.mostAtOnce).toBe(5);
    });

    it('lets no partition wait for another', async () => {
      const topic = await newTopic(4);
      const [stuck, free] = twoKeysApart();
      await log.append(numbered(topic, stuck, 2));
      const gate = Promise.withResolvers<void>();
      const member = await join(log, topic, {}, ({ key }) => (key === stuck ? gate.promise : Promise.resolve()));
      await until(() => member.started.length === 1, { what: 'the record that takes long' });
      for (let round = 1; round <= 3; round += 1) {
        await log.append(numbered(topic, free, 500));
        await until(() => member.done.length === 500 * round, { what: `round ${round} of the other partition` });
      }
      gate.resolve();
      await until(() => member.done.length === 1_502, { what: 'the rest' });
      await member.stop();
      expect(member.done.slice(-2).map(({ key }) => key)).toEqual([stuck, stuck]);
    });

    it('goes on where the group stopped', async () => {
      const topic = await newTopic(2);
      await log.append([...numbered(topic, 'a', 5), ...numbered(topic, 'b', 5)]);
      const first = await join(log, topic, { group: topic });
      await until(() => first.done.length === 10, { what: 'ten records' });
      await first.stop();
      expect(await log.lag(topic, [topic])).toBe(0n);
      await log.append([record(topic, 'a', 'later')]);
      expect(await log.lag(topic, [topic])).toBe(1n);
      const second = await join(other, topic, { group: topic });
      await until(() => second.done.length > 0, { what: 'the later record' });
      await second.stop();
      expect(second.done.map(text)).toEqual(['later']);
    });

    it('commits only up to the first record that is not dealt with', async () => {
      const topic = await newTopic();
      await log.append(numbered(topic, 'k', 6));
      const group = topic;
      const first = await join(log, topic, { group, inFlightPerPartition: 4 }, (each, signal) =>
        text(each) === '2' ? untilTold(signal) : Promise.resolve(),
      );
      await until(() => first.done.length === 5, { what: 'all but the one' });
      await first.stop();
      expect(await log.lag(group, [topic])).toBe(4n);
      const second = await join(other, topic, { group });
      await until(() => second.done.length === 4, { what: 'it and all after it' });
      await second.stop();
      expect(second.done.map(text)).toEqual(['2', '3', '4', '5']);
    });

    it('waits, when it stops, for the records under way', async () => {
      const topic = await newTopic();
      await log.append(numbered(topic, 'k', 3));
      const gate = Promise.withResolvers<void>();
      const member = await join(log, topic, { group: topic }, () => gate.promise);
      await until(() => member.started.length === 1, { what: 'the first record' });
      const stopped = member.stop();
      gate.resolve();
      await stopped;
      expect(member.done).toHaveLength(1);
      expect(await log.lag(topic, [topic])).toBe(2n);
    });

    it('begins at the end where it is told to', async () => {
      const topic = await newTopic(2);
      await log.append([record(topic, 'a', 'old'), record(topic, 'b', 'old')]);
      const member = await join(log, topic, { initialOffset: 'latest' });
      await log.append([record(topic, 'a', 'new'), record(topic, 'b', 'new')]);
      await until(() => member.done.length >= 2, { what: 'the new records' });
      await member.stop();
      expect(member.done.map(text)).toEqual(['new', 'new']);
    });

    it('stops with the error of a record that cannot be dealt with', async () => {
      const topic = await newTopic();
      await log.append(numbered(topic, 'k', 3));
      const member = await join(log, topic, { group: topic }, async (each) => {
        if (text(each) === '1') throw new Error('no use');
      });
      expect((await member.subscription.failed).message).toBe('no use');
      expect(member.started.map(text)).toEqual(['0', '1']);
      expect(await log.lag(topic, [topic])).toBe(2n);
      await member.stop();
    });

    it('shares the partitions out among members, and hands them on when one stops', async () => {
      const topic = await newTopic(6);
      const keys = Array.from({ length: 60 }, (_, at) => `key-${at}`);
      const first = await join(log, topic, { group: topic });
      const second = await join(other, topic, { group: topic });
      await until(
        async () => {
          await log.append(keys.map((key) => record(topic, key, 'to both')));
          return partitionsOf(second.done).size === 3;
        },
        { what: 'the second member to get its share' },
      );
      const alone = first.done.length;
      await second.stop();
      await log.append(keys.map((key) => record(topic, key, 'to one')));
      const toOne = () => first.done.slice(alone).filter((each) => text(each) === 'to one');
      await until(() => partitionsOf(toOne()).size === 6, { what: 'the first member to take over' });
      await first.stop();
      expect(partitionsOf(second.done).size).toBe(3);
      expect(await log.lag(topic, [topic])).toBe(0n);
    });

    it('loses nothing and keeps the order while members come and go', { timeout: 90_000 }, async () => {
      const topic = await newTopic(6);
      const handled: StoredRecord[] = [];
      const enter = (through: EventLog) =>
        join(through, topic, { group: topic }, async (each, signal) => {
          await setImmediate();
          signal.throwIfAborted();
          handled.push(each);
        });
      const appended: string[] = [];
      const append = async (count: number) => {
        const records = Array.from({ length: count }, (_, at) => {
          const number = appended.length + at;
          return record(topic, `key-${number % 40}`, String(number));
        });
        await log.append(records);
        appended.push(...records.map(text));
      };
      const stays = await enter(log);
      for (let change = 0; change < 3; change += 1) {
        await append(300);
        const guest = await enter(other);
        await append(300);
        await guest.stop();
      }
      const values = () => new Set(handled.map(text));
      await until(() => values().size === appended.length, { what: 'every record', timeoutMs: 60_000 });
      await stays.stop();
      expect(await log.lag(topic, [topic])).toBe(0n);
      for (const each of Map.groupBy(handled, ({ key }) => key).values()) {
        const inOrderOfFirst = [...new Set(each.map((one) => Number(text(one))))];
        expect(inOrderOfFirst).toEqual(inOrderOfFirst.toSorted((one, another) => one - another));
      }
    });

    it('tells a record under way that its partition goes to another member', async () => {
      const topic = await newTopic(2);
      await log.append([...numbered(topic, 'key-0', 1), ...numbered(topic, 'key-2', 1)]);
      const told: string[] = [];
      const first = await join(log, topic, { group: topic }, async ({ key }, signal) => {
        await untilTold(signal).catch(() => told.push(String(key)));
        throw new Error('dropped');
      });
      await until(() => first.started.length === 2, { what: 'both partitions' });
      const second = await join(other, topic, { group: topic });
      await until(() => told.length === 1, { what: 'one record to be told' });
      await until(() => second.done.length === 1, { what: 'the other member to get it' });
      await Promise.all([first.stop(), second.stop()]);
      expect(second.done[0]?.key).toBe(told[0]);
    });

    it('stays a member while a record takes longer than a session', { timeout: 60_000 }, async () => {
      const topic = await newTopic();
      const takeLong = async (_: StoredRecord, signal: AbortSignal) => {
        const begunAt = Date.now();
        const isLate = () => signal.aborted || Date.now() - begunAt > LONGER_THAN_A_SESSION_MS;
        await until(isLate, { what: 'the session to be over', timeoutMs: 20_000 });
        signal.throwIfAborted();
      };
      const members = [
        await join(log, topic, { group: topic }, takeLong),
        await join(other, topic, { group: topic }, takeLong),
      ];
      await log.append([record(topic, 'k', 'long')]);
      const done = () => members.flatMap((member) => member.done);
      await until(() => done().length > 0, { what: 'the record', timeoutMs: 40_000 });
      await Promise.all(members.map((member) => member.stop()));
      expect(members.flatMap((member) => member.started).map(text)).toEqual(['long']);
      expect(await log.lag(topic, [topic])).toBe(0n);
    });
  });
}

type Member = {
  readonly subscription: Subscription;
  readonly started: StoredRecord[];
  readonly done: StoredRecord[];
  mostAtOnce: number;
  stop(): Promise<void>;
};

/** Subscribes a member that notes what it is given, and does with each record what it is told to. */
export async function join(
  log: EventLog,
  topic: string,
  settings: Partial<Subscriber>,
  handle: Subscriber['onRecord'] = async () => undefined,
): Promise<Member> {
  const started: StoredRecord[] = [];
  const done: StoredRecord[] = [];
  let atOnce = 0;
  let mostAtOnce = 0;
  const subscription = await log.subscribe({
    group: `group-${randomUUID()}`,
    topics: [topic],
    initialOffset: 'earliest',
    inFlightPerPartition: 1,
    ...settings,
    async onRecord(each, signal) {
      started.push(each);
      atOnce += 1;
      mostAtOnce = Math.max(mostAtOnce, atOnce);
      try {
        await handle(each, signal);
        done.push(each);
      } finally {
        atOnce -= 1;
      }
    },
  });
  return {
    subscription,
    started,
    done,
    get mostAtOnce() {
      return mostAtOnce;
    },
    stop: () => subscription.stop(),
  };
}

export function record(topic: string, key: string | null, value: string): LogRecord {
  return { topic, key, value: Buffer.from(value), headers: {} };
}

function numbered(topic: string, key: string, count: number): LogRecord[] {
  return Array.from({ length: count }, (_, at) => record(topic, key, String(at)));
}

export function text({ value }: LogRecord): string {
  return value?.toString() ?? '';
}

export async function readAll(log: EventLog, topic: string): Promise<StoredRecord[]> {
  return Array.fromAsync(log.read(topic));
}

function partitionsByKey(records: readonly StoredRecord[]): Record<string, number[]> {
  const byKey = Map.groupBy(records, ({ key }) => String(key));
  return Object.fromEntries([...byKey].map(([key, each]) => [key, [...partitionsOf(each)]]));
}

function partitionsOf(records: readonly StoredRecord[]): Set<number> {
  return new Set(records.map(({ partition }) => partition));
}

/** Keys of different partitions of four. */
function twoKeysApart(): [string, string] {
  return ['key-0', 'key-2'];
}

async function untilTold(signal: AbortSignal): Promise<never> {
  await new Promise((resolve) => signal.addEventListener('abort', resolve));
  throw new Error('told to stop');
}
