import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { type Knative, startKnative } from '../../../infra/local/knative/start.ts';
import type { EventLog, LogRecord, StoredRecord } from '../../../shared/events/event-log.ts';
import { openEventLog } from '../../../shared/events/open-event-log.ts';
import { createEmptyDatabase, type TestDatabase } from '../../support/services/database.ts';
import { describeOnEventLogs, eventLogUrl } from '../../support/services/event-logs.ts';
import { topicPrefix } from '../../support/services/topics.ts';
import { type Control, startControl, waitOptions } from './support/control.ts';
import { createManualClock, type ManualClock } from './support/manual-clock.ts';
import { one, serviceManifest } from './support/manifests.ts';
import { createMemoryEventLog } from './support/memory-event-log.ts';

const fixture = fileURLToPath(new URL('./support/function.ts', import.meta.url));

let database: TestDatabase;

beforeAll(async () => {
  database = await createEmptyDatabase();
});
afterAll(() => database.drop());

describeOnEventLogs('the platform on the event log in', (eventLogName) => {
  let prefix: string;
  let topic: string;
  let deadTopic: string;
  let eventLog: EventLog;
  let control: Control;
  let clock: ManualClock;
  let knative: Knative | undefined;

  beforeEach(async () => {
    prefix = topicPrefix();
    topic = `${prefix}events`;
    deadTopic = `${prefix}dead-letters`;
    eventLog = openEventLog(eventLogUrl(eventLogName, database.url), { clientId: 'knative-test' });
    await eventLog.ensureTopics([topic, deadTopic].map((name) => ({ name, partitions: 2 })));
    control = await startControl();
    clock = createManualClock();
  });

  afterEach(async () => {
    await knative?.stop();
    await eventLog.close();
    await control.close();
    knative = undefined;
  });

  async function start(ordering = 'ordered'): Promise<void> {
    const kafkaSink = 'eventing.knative.dev/v1alpha1';
    const deadLetterSink = { ref: { apiVersion: kafkaSink, kind: 'KafkaSink', name: 'dead-letters' } };
    const sink = { ref: { apiVersion: 'serving.knative.dev/v1', kind: 'Service', name: 'sample' }, uri: '/events' };
    const source = {
      consumerGroup: `${prefix}sample`,
      topics: [topic],
      bootstrapServers: ['kafka:9092'],
      initialOffset: 'earliest',
      ordering,
      delivery: { retry: 3, backoffDelay: 'PT0.2S', timeout: 'PT30S', deadLetterSink },
      sink,
    };
    const manifests = [
      serviceManifest({ labels: { 'networking.knative.dev/visibility': 'cluster-local' } }),
      one(
        `{ apiVersion: sources.knative.dev/v1, kind: KafkaSource, metadata: { name: sample }, spec: ${JSON.stringify(source)} }`,
      ),
      one(`{ apiVersion: ${kafkaSink}, kind: KafkaSink, metadata: { name: dead-letters },
             spec: { topic: ${deadTopic}, bootstrapServers: ['kafka:9092'] } }`),
      one(`{ apiVersion: sources.knative.dev/v1, kind: PingSource, metadata: { name: cron },
             spec: { schedule: '0 9 * * *', contentType: application/json, data: '{}', sink: ${JSON.stringify(sink)} } }`),
    ];
    knative = await startKnative(manifests, {
      eventLog,
      command: () => ({ argv: [process.execPath, fixture], env: { CONTROL_URL: control.url } }),
      values: { secrets: {}, configMaps: {} },
      log: () => undefined,
      clock,
      windowMs: 90_000,
      graceMs: 10_000,
    });
  }

  const event = (id: string, key = 'a'): LogRecord => ({
    topic,
    key,
    value: Buffer.from('{}'),
    headers: {
      ce_specversion: '1.0',
      ce_id: id,
      ce_source: '/test',
      ce_type: 'test.v1',
      ce_partitionkey: key,
      'content-type': 'application/json',
    },
  });
  const seen = () => control.asked.filter((path) => path.startsWith('/event/')).map((path) => path.slice(7));

  async function dead(): Promise<StoredRecord[]> {
    const records: StoredRecord[] = [];
    for await (const record of eventLog.read(deadTopic)) records.push(record);
    return records;
  }

  it('starts the function with an event, in order, and commits what is done', async () => {
    await eventLog.append([event('one'), event('two'), event('three')]);
    await start();
    await control.reached('/event/three');
    await knative?.stop();
    expect(await eventLog.lag(`${prefix}sample`, [topic])).toBe(0n);
    expect(seen()).toEqual(['one', 'two', 'three']);
    expect(new Set(control.pids('/event/three'))).toEqual(new Set(control.pids('/event/one')));
  });

  it('retries in its place, and dead-letters what no retry cures while the partition goes on', async () => {
    control.answer('/event/flaky', [503, 409]);
    control.answer('/event/poison', [422]);
    await start();
    await eventLog.append([event('flaky'), event('poison'), event('last')]);
    for (const delay of [400, 800]) {
      await clock.awaited(delay);
      clock.advance(delay);
    }
    await control.reached('/event/last');
    expect(seen()).toEqual(['flaky', 'flaky', 'flaky', 'poison', 'last']);
    const [letter, ...more] = await dead();
    expect(more).toEqual([]);
    expect(letter).toMatchObject({
      key: 'a',
      headers: {
        ce_id: 'poison',
        ce_type: 'test.v1',
        ce_knativeerrorcode: '422',
        ce_knativeerrordest: `${knative?.url('sample')}/events`,
        ce_knativeerrordata: Buffer.from('no poison').toString('base64'),
      },
    });
    expect(letter?.value?.toString()).toBe('{}');
  });

  it('delivers the rest while one is retried, when unordered', async () => {
    control.answer('/event/flaky', [503]);
    await start('unordered');
    await eventLog.append([event('flaky'), event('second'), event('third')]);
    await clock.awaited(400);
    await control.reached('/event/second');
    await control.reached('/event/third');
    clock.advance(400);
    await control.reached('/event/flaky', 2);
    expect(seen().at(-1)).toBe('flaky');
  });

  it('scales to zero when idle, and back with the next event', async () => {
    await start();
    await eventLog.append([event('one')]);
    await control.reached('/event/one');
    // The event is dealt with when neither the service nor the source counts its time.
    await expect.poll(() => clock.isAwaited(60_000) || clock.isAwaited(30_000), waitOptions).toBe(false);
    clock.advance(90_000);
    await knative?.scaledToZero('sample');
    await eventLog.append([event('two')]);
    await control.reached('/event/two');
    expect(control.pids('/event/two')).not.toEqual(control.pids('/event/one'));
  });

  it('goes on after a restart with what was not done, and repeats nothing that was', async () => {
    control.answer('/event/stuck', [503]);
    await start();
    await eventLog.append([event('done'), event('stuck')]);
    await clock.awaited(400);
    await knative?.stop();
    await start();
    await control.reached('/event/stuck', 2);
    await knative?.stop();
    expect(await eventLog.lag(`${prefix}sample`, [topic])).toBe(0n);
    expect(seen()).toEqual(['done', 'stuck', 'stuck']);
    expect(await dead()).toEqual([]);
  });

  it('hands a tombstone and a half event over, not on', async () => {
    await start();
    await eventLog.append([
      { topic, key: 'a', value: null, headers: {} },
      { ...event('half'), headers: { ce_id: 'half' } },
    ]);
    await expect
      .poll(() => seen().map((path) => path.replace(/^partition:\d/, 'partition')), waitOptions)
      .toEqual(['partition/offset:0', 'partition/offset:1']);
  });

  it('ticks', async () => {
    await start();
    clock.advance(3_600_000);
    await control.reached('/event/tick');
    expect(seen()).toEqual(['tick']);
  });
});

it('stops what it has started when a source cannot start', async () => {
  const control = await startControl();
  const eventLog = createMemoryEventLog();
  const subscribe = () => Promise.reject(new Error('no broker'));
  const manifests = [
    serviceManifest({ annotations: { 'autoscaling.knative.dev/min-scale': '1' } }),
    one(`{ apiVersion: sources.knative.dev/v1, kind: KafkaSource, metadata: { name: source },
           spec: { consumerGroup: g, topics: [t], bootstrapServers: ['k:1'], sink: { uri: 'http://127.0.0.1:1/' } } }`),
  ];
  const started = startKnative(manifests, {
    eventLog: { ...eventLog, subscribe },
    command: () => ({ argv: [process.execPath, fixture], env: { CONTROL_URL: control.url, GATED_START: 'yes' } }),
    values: { secrets: {}, configMaps: {} },
    log: () => undefined,
    graceMs: 1,
  });
  await expect(started).rejects.toThrow('no broker');
  for (const pid of control.pids('/gate/start')) expect(() => process.kill(pid, 0)).toThrow('ESRCH');
  await control.close();
});

it('stops its functions though a source cannot take its leave', async () => {
  const control = await startControl();
  const eventLog = createMemoryEventLog();
  const subscribe: EventLog['subscribe'] = async (subscriber) => {
    const subscription = await eventLog.subscribe(subscriber);
    return { ...subscription, stop: () => Promise.reject(new Error('no broker')) };
  };
  const sink = `{ ref: { apiVersion: serving.knative.dev/v1, kind: Service, name: sample }, uri: /events }`;
  const manifests = [
    serviceManifest({}),
    one(`{ apiVersion: sources.knative.dev/v1, kind: KafkaSource, metadata: { name: source },
           spec: { consumerGroup: g, topics: [t], bootstrapServers: ['k:1'], sink: ${sink} } }`),
  ];
  const knative = await startKnative(manifests, {
    eventLog: { ...eventLog, subscribe },
    command: () => ({ argv: [process.execPath, fixture], env: { CONTROL_URL: control.url } }),
    values: { secrets: {}, configMaps: {} },
    log: () => undefined,
    graceMs: 5_000,
  });
  const headers = { ce_specversion: '1.0', ce_id: 'one', ce_source: '/test', ce_type: 'test.v1' };
  await eventLog.append([{ topic: 't', key: 'a', value: Buffer.from('{}'), headers }]);
  await control.reached('/event/one');
  await expect(knative.stop()).rejects.toThrow('no broker');
  expect(control.pids('/event/one')).toHaveLength(1);
  for (const pid of control.pids('/event/one')) expect(() => process.kill(pid, 0)).toThrow('ESRCH');
  await control.close();
});
