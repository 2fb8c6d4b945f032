import { randomUUID } from 'node:crypto';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { readDeadLetter } from '../../../infra/dead-letters/dead-letter.ts';
import { readLetters } from '../../../infra/dead-letters/letters.ts';
import { markRecord, readMarks } from '../../../infra/dead-letters/marks.ts';
import { redrive, type Redriven, type RedriveOptions } from '../../../infra/dead-letters/redrive.ts';
import { encodeEvent } from '../../../shared/events/encode.ts';
import type { EventLog, LogRecord } from '../../../shared/events/event-log.ts';
import { openEventLog } from '../../../shared/events/open-event-log.ts';
import { createEmptyDatabase, type TestDatabase } from '../../support/services/database.ts';
import { describeOnEventLogs, eventLogUrl } from '../../support/services/event-logs.ts';
import { topicPrefix } from '../../support/services/topics.ts';
import { bookingEvent, deadBooking, deadLetterRecord, listRecords } from './letters.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createEmptyDatabase();
});
afterAll(() => database.drop());

describeOnEventLogs('dead letters in', (eventLogName) => {
  let eventLog: EventLog;
  beforeAll(() => {
    eventLog = openEventLog(eventLogUrl(eventLogName, database.url), { clientId: 'dead-letters-test' });
  });
  afterAll(() => eventLog.close());

  /** Topics of a test's own, with these dead letters. Every event goes to `home`, whatever its type says. */
  async function prepare(letters: (topics: { dead: string }) => LogRecord[]) {
    const prefix = topicPrefix();
    const topics = { dead: `${prefix}dead`, home: `${prefix}home`, marks: `${prefix}marks` };
    await eventLog.ensureTopics(Object.values(topics).map((name) => ({ name, partitions: 2 })));
    await eventLog.append(letters(topics));
    const run = async (options: Partial<RedriveOptions> = {}): Promise<Redriven[]> => {
      const done: Redriven[] = [];
      const marks = await readMarks(eventLog, topics.marks);
      const defaults = { marks, marksTopic: topics.marks, to: topics.home, force: false, dryRun: false };
      const now = Temporal.Instant.from('2031-03-04T10:00:00Z');
      for await (const each of redrive(eventLog, atHome(readLetters(eventLog, [topics.dead])), {
        ...defaults,
        now,
        ...options,
      })) {
        done.push(each);
      }
      return done;
    };
    return { ...topics, run };
  }

  async function* atHome(letters: ReturnType<typeof readLetters>): ReturnType<typeof readLetters> {
    for await (const letter of letters) yield { ...letter, topic: undefined };
  }

  const kinds = (done: Redriven[]) => done.map(({ outcome }) => outcome.kind);

  it('go back as the events they were, under their keys', async () => {
    const event = bookingEvent();
    const { run, home } = await prepare(({ dead }) => [deadBooking(event, dead)]);
    expect(kinds(await run())).toEqual(['redriven']);
    const [record, ...others] = await listRecords(eventLog, home);
    const { topic: _topic, ...original } = encodeEvent(home, event);
    expect(record).toMatchObject(original);
    expect(Object.keys(record?.headers ?? {}).filter((name) => name.includes('knative'))).toEqual([]);
    expect(others).toEqual([]);
  });

  it('are redriven once, unless they are forced', async () => {
    const { run, home } = await prepare(({ dead }) => [deadBooking(bookingEvent(), dead)]);
    await run();
    expect(await run()).toMatchObject([
      { outcome: { kind: 'done-before', at: Temporal.Instant.from('2031-03-04T10:00:00Z') } },
    ]);
    expect(await listRecords(eventLog, home)).toHaveLength(1);
    expect(kinds(await run({ force: true }))).toEqual(['redriven']);
    expect(await listRecords(eventLog, home)).toHaveLength(2);
  });

  it('of one event that two consumers refused go back as one', async () => {
    const event = bookingEvent();
    const { run, home } = await prepare(({ dead }) => [deadBooking(event, dead), deadBooking(event, dead)]);
    expect(kinds(await run()).toSorted((one, other) => one.localeCompare(other))).toEqual(['redriven', 'same-event']);
    expect(await listRecords(eventLog, home)).toHaveLength(1);
    expect(kinds(await run())).toEqual(['done-before', 'done-before']);
  });

  it('stay where they are in a dry run', async () => {
    const { run, home, marks } = await prepare(({ dead }) => [deadBooking(bookingEvent(), dead)]);
    expect(kinds(await run({ dryRun: true }))).toEqual(['redriven']);
    expect([await listRecords(eventLog, home), await listRecords(eventLog, marks)]).toEqual([[], []]);
  });

  it('of a foreign record go back as it came', async () => {
    const headers = { origin: 'lab', 'content-type': 'text/plain' };
    const foreign = { topic: 'elsewhere', key: 'some key', headers, value: Buffer.from('MSH|^~\\&|') };
    const { run, home } = await prepare(({ dead }) => [deadLetterRecord(foreign, dead)]);
    expect(kinds(await run())).toEqual(['redriven']);
    expect(await listRecords(eventLog, home)).toMatchObject([
      { key: 'some key', headers: { origin: 'lab', 'content-type': 'text/plain' }, value: foreign.value },
    ]);
  });

  it('go back in their hundreds', async () => {
    const { run, home } = await prepare(({ dead }) =>
      Array.from({ length: 250 }, () => deadBooking(bookingEvent(), dead)),
    );
    expect(await run()).toHaveLength(250);
    expect(await listRecords(eventLog, home)).toHaveLength(250);
  });
});

describe('where a dead letter came from', () => {
  const stored = (record: LogRecord) =>
    readDeadLetter({ ...record, partition: 0, offset: 7n, timestamp: Temporal.Now.instant() });

  it('is told by the contract of its event', () => {
    expect(stored(deadBooking(bookingEvent(), 'dead')).topic).toBe('booking-events');
  });

  it('is told by the source of a record that was no event', () => {
    const foreign = { topic: 'lis-results', key: null, headers: {}, value: Buffer.from('?') };
    expect(stored(deadLetterRecord(foreign, 'dead')).topic).toBe('lis-results');
  });

  it('is not told of an event that has no contract', () => {
    expect(stored(deadBooking({ ...bookingEvent(), type: 'somebody.elses' }, 'dead')).topic).toBeUndefined();
  });

  it('is not told of a record that nobody dead-lettered', () => {
    expect(stored({ topic: 'dead', key: null, headers: {}, value: Buffer.from('stray') }).topic).toBeUndefined();
  });

  it('has to be given then, or it is left alone', async () => {
    const letter = stored(deadBooking({ ...bookingEvent(), type: 'somebody.elses' }, 'dead'));
    const appended: LogRecord[] = [];
    const log = { append: async (records: readonly LogRecord[]) => void appended.push(...records) };
    const options = { marks: { redrivenAt: () => undefined }, marksTopic: 'marks', now: Temporal.Now.instant() };
    async function* one() {
      yield letter;
    }
    for await (const { outcome } of redrive(log, one(), { ...options, to: undefined, force: false, dryRun: false })) {
      expect(outcome.kind).toBe('topic-unknown');
    }
    expect(appended).toEqual([]);
  });
});

describe('a mark', () => {
  it('is of one dead letter, not of another that lies at the same place in a topic made anew', async () => {
    const topic = 'dead';
    const first = { ...bookingEvent(), id: randomUUID() };
    const lying = (event: typeof first) =>
      readDeadLetter({ ...deadBooking(event, topic), partition: 0, offset: 0n, timestamp: Temporal.Now.instant() });

    const mark = markRecord('marks', lying(first), 'home', Temporal.Now.instant());
    const log = {
      async *read() {
        yield { ...mark, partition: 0, offset: 0n, timestamp: Temporal.Now.instant() };
      },
    };
    const marks = await readMarks(log, 'marks');
    expect(marks.redrivenAt(lying(first))).toBeDefined();
    expect(marks.redrivenAt(lying({ ...first, id: randomUUID() }))).toBeUndefined();
  });
});
