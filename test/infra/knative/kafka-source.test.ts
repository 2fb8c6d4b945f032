import { Agent } from 'undici';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Source, startKafkaSource } from '../../../infra/local/knative/kafka-source.ts';
import { type KafkaSinks, startKafkaSinks } from '../../../infra/local/knative/kafka-sink.ts';
import { parseResources } from '../../../infra/local/knative/resources.ts';
import type { LogRecord } from '../../../shared/events/event-log.ts';
import { waitOptions } from './support/control.ts';
import { createManualClock, type ManualClock } from './support/manual-clock.ts';
import { one } from './support/manifests.ts';
import { createMemoryEventLog, type MemoryEventLog } from './support/memory-event-log.ts';
import { type Answer, type Received, type Receiver, startReceiver } from './support/receiver.ts';

const topic = 'booking-events';
const deadTopic = 'dead-letters-sample';

let eventLog: MemoryEventLog;
let clock: ManualClock;
let sinks: KafkaSinks;
let lines: string[];
let receiver: Receiver;
let source: Source | undefined;
const dispatcher = new Agent();

beforeEach(async () => {
  eventLog = createMemoryEventLog();
  clock = createManualClock();
  lines = [];
  const { kafkaSinks } = parseResources([deadLetterSink]);
  sinks = await startKafkaSinks(kafkaSinks, eventLog);
});

afterEach(async () => {
  const stopped = source?.stop();
  await receiver.close();
  await stopped;
  await sinks.stop();
  source = undefined;
});

const deadLetterSink = one(`
  apiVersion: eventing.knative.dev/v1alpha1
  kind: KafkaSink
  metadata: { name: dead-letters, namespace: careflow }
  spec: { topic: ${deadTopic}, bootstrapServers: [kafka:9092] }`);

const deliverySpec = {
  retry: 3,
  backoffPolicy: 'exponential',
  backoffDelay: 'PT0.2S',
  timeout: 'PT5S',
  deadLetterSink: { ref: { apiVersion: 'eventing.knative.dev/v1alpha1', kind: 'KafkaSink', name: 'dead-letters' } },
};

type Given = {
  answer?: (got: Received, times: number) => Answer | Promise<Answer>;
  delivery?: object | null;
  spec?: object;
};

/** A sink that answers as told, and a source that delivers to it. */
async function start({ answer = () => ({ status: 204 }), delivery = deliverySpec, spec = {} }: Given = {}) {
  receiver = await startReceiver(answer);
  const manifest = one(`
    apiVersion: sources.knative.dev/v1
    kind: KafkaSource
    metadata: { name: sample, namespace: careflow }
    spec: ${JSON.stringify({
      consumerGroup: 'sample',
      topics: [topic],
      bootstrapServers: ['kafka:9092'],
      initialOffset: 'earliest',
      sink: { uri: `${receiver.url}/events` },
      ...(delivery && { delivery }),
      ...spec,
    })}`);
  const {
    kafkaSources: [kafkaSource],
  } = parseResources([manifest, deadLetterSink]);
  if (!kafkaSource) throw new Error('no source');
  source = await startKafkaSource(kafkaSource, {
    eventLog,
    dispatcher,
    clock,
    resolve: ({ ref, uri = '' }) => (ref ? sinks.url(ref.name) : uri),
    log: (line) => lines.push(line),
  });
}

const event = (id: string, key = 'a', headers: Record<string, string> = {}): LogRecord => ({
  topic,
  key,
  value: Buffer.from(`{"id":"${id}"}`),
  headers: {
    ce_specversion: '1.0',
    ce_id: id,
    ce_source: '/careflow/booking',
    ce_type: 'careflow.booking.created.v1',
    ce_partitionkey: key,
    'content-type': 'application/json',
    ...headers,
  },
});

const ids = () => receiver.received.map(({ headers }) => headers['ce-id']);
const settled = () => expect.poll(() => eventLog.lag('sample', [topic]), waitOptions).toBe(0n);
const dead = () => eventLog.records(deadTopic);

/** Runs out every back-off, in the order of the specification. */
async function runOut(delays: readonly number[]): Promise<void> {
  for (const delay of delays) {
    await clock.awaited(delay);
    clock.advance(delay);
  }
}

describe('a CloudEvent', () => {
  it('passes through in binary mode, with its place in the log', async () => {
    await start();
    await eventLog.append([event('one', 'a', { ce_traceparent: '00-1-2-01', other: 'dropped' })]);
    await receiver.count(1);
    const [got] = receiver.received;
    expect(got).toMatchObject({
      path: '/events',
      body: '{"id":"one"}',
      headers: {
        'ce-specversion': '1.0',
        'ce-id': 'one',
        'ce-source': '/careflow/booking',
        'ce-type': 'careflow.booking.created.v1',
        'ce-partitionkey': 'a',
        'ce-traceparent': '00-1-2-01',
        'ce-knativekafkapartition': '19',
        'ce-knativekafkaoffset': '0',
        'content-type': 'application/json',
        'content-length': '12',
      },
    });
    expect(got?.headers).not.toHaveProperty('other');
  });

  it('in structured mode arrives in binary mode', async () => {
    await start();
    const { data, ...attributes } = { specversion: '1.0', id: 'one', source: '/s', type: 't', data: { a: 1 } };
    const value = Buffer.from(JSON.stringify({ ...attributes, data }));
    await eventLog.append([{ topic, key: null, value, headers: { 'content-type': 'application/cloudevents+json' } }]);
    await receiver.count(1);
    expect(receiver.received[0]).toMatchObject({
      body: '{"a":1}',
      headers: { 'ce-id': 'one', 'ce-type': 't', 'content-type': 'application/json' },
    });
  });

  it('without data arrives without a body', async () => {
    await start();
    await eventLog.append([{ ...event('one'), value: null }]);
    await receiver.count(1);
    expect(receiver.received[0]).toMatchObject({ body: '', headers: { 'ce-id': 'one', 'content-length': '0' } });
  });

  it('gets the extensions that the source adds', async () => {
    await start({ spec: { ceOverrides: { extensions: { region: 'eu' } } } });
    await eventLog.append([event('one')]);
    await receiver.count(1);
    expect(receiver.received[0]?.headers['ce-region']).toBe('eu');
  });
});

const wrapped = {
  'ce-specversion': '1.0',
  'ce-type': 'dev.knative.kafka.event',
  'ce-source': `/apis/v1/namespaces/careflow/kafkasources/sample#${topic}`,
  'ce-id': 'partition:19/offset:0',
  'ce-subject': 'partition:19#0',
  'ce-knativekafkapartition': '19',
  'ce-knativekafkaoffset': '0',
};

describe('any other record', () => {
  it('arrives as an event around it, with its key and headers', async () => {
    await start();
    await eventLog.append([
      { topic, key: 'a', value: Buffer.from('text'), headers: { 'X-Trace_Id': 'é\n', 'Content-Type': 'Text/Plain' } },
    ]);
    await receiver.count(1);
    expect(receiver.received[0]).toMatchObject({
      body: 'text',
      headers: {
        ...wrapped,
        'ce-partitionkey': 'a',
        'ce-key': 'a',
        'ce-kafkaheaderxtraceid': '%C3%A9%0A',
        'content-type': 'text/plain',
      },
    });
  });

  it.each([
    ['lacks its version', { ce_specversion: undefined }],
    ['lacks its id', { ce_id: undefined }],
    ['lacks its source', { ce_source: undefined }],
    ['lacks its type', { ce_type: undefined }],
    ['has a version that is not known', { ce_specversion: '9.9' }],
    ['has no time where a time should be', { ce_time: 'yesterday' }],
    ['has an attribute with an illegal name', { ce_Bad_Name: 'x' }],
  ])('arrives that way when it is half a CloudEvent that %s', async (_, change) => {
    await start();
    const { headers, ...record } = event('one');
    const kept = Object.entries({ ...headers, ...change }).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, value]],
    );
    await eventLog.append([{ ...record, headers: Object.fromEntries(kept) }]);
    await receiver.count(1);
    expect(receiver.received[0]).toMatchObject({ body: '{"id":"one"}', headers: wrapped });
  });

  it('arrives without data when it is a tombstone', async () => {
    await start();
    await eventLog.append([{ topic, key: 'a', value: null, headers: {} }]);
    await receiver.count(1);
    expect(receiver.received[0]).toMatchObject({ body: '', headers: { ...wrapped, 'ce-key': 'a' } });
    expect(receiver.received[0]?.headers).not.toHaveProperty('content-type');
  });

  it('arrives that way when it claims to be structured and is garbage', async () => {
    await start();
    await eventLog.append([
      { topic, key: 'a', value: Buffer.from('{'), headers: { 'content-type': 'application/cloudevents+json' } },
    ]);
    await receiver.count(1);
    expect(receiver.received[0]).toMatchObject({ body: '{', headers: wrapped });
  });
});

describe('an answer', () => {
  it.each([200, 201, 202, 204])('of %d is the end of it', async (status) => {
    await start({ answer: () => ({ status }) });
    await eventLog.append([event('one')]);
    await settled();
    expect(ids()).toEqual(['one']);
    expect(dead()).toEqual([]);
  });

  it.each([404, 408, 409, 429, 500, 501, 502, 503, 504, 599])('of %d is tried again', async (status) => {
    await start({ answer: (_, times) => ({ status: times === 1 ? status : 204 }) });
    await eventLog.append([event('one')]);
    await runOut([400]);
    await settled();
    expect(ids()).toEqual(['one', 'one']);
    expect(dead()).toEqual([]);
  });

  it.each([301, 304, 400, 401, 403, 405, 406, 410, 412, 413, 415, 421, 422, 425, 431, 451])(
    'of %d goes to the dead letters at once',
    async (status) => {
      await start({ answer: () => ({ status }) });
      await eventLog.append([event('one')]);
      await settled();
      expect(ids()).toEqual(['one']);
      expect(dead()[0]?.headers.ce_knativeerrorcode).toBe(String(status));
    },
  );

  it('that never comes is tried again when the time is over', async () => {
    await start({ answer: (_, times) => (times === 1 ? new Promise(() => {}) : { status: 204 }) });
    await eventLog.append([event('one')]);
    await receiver.count(1);
    await runOut([5000, 400]);
    await settled();
    expect(ids()).toEqual(['one', 'one']);
  });

  it('is tried again when the connection breaks', async () => {
    await start({ answer: (_, times) => ({ status: times === 1 ? 0 : 204 }) });
    await eventLog.append([event('one')]);
    await runOut([400]);
    await settled();
    expect(ids()).toEqual(['one', 'one']);
  });
});

describe('back-off', () => {
  it('doubles from twice the delay, exactly, until the retries are used up', async () => {
    await start({ answer: () => ({ status: 503 }) });
    await eventLog.append([event('one')]);
    await runOut([400, 800, 1600]);
    await settled();
    expect(ids()).toHaveLength(4);
    expect(clock.asked.filter((delay) => delay !== 5000)).toEqual([400, 800, 1600]);
    expect(dead()).toHaveLength(1);
  });

  it('grows by the delay when it is linear', async () => {
    await start({ answer: () => ({ status: 503 }), delivery: { ...deliverySpec, backoffPolicy: 'linear' } });
    await eventLog.append([event('one')]);
    await runOut([200, 400, 600]);
    await settled();
    expect(ids()).toHaveLength(4);
  });

  it('ignores Retry-After', async () => {
    await start({ answer: (_, times) => ({ status: times === 1 ? 429 : 204, headers: { 'retry-after': '60' } }) });
    await eventLog.append([event('one')]);
    await runOut([400]);
    await settled();
    expect(ids()).toEqual(['one', 'one']);
  });

  it('does not happen where retry is left out of a delivery', async () => {
    await start({ answer: () => ({ status: 503 }), delivery: { deadLetterSink: deliverySpec.deadLetterSink } });
    await eventLog.append([event('one')]);
    await settled();
    expect(ids()).toHaveLength(1);
    expect(dead()).toHaveLength(1);
  });

  it('happens ten times from 0.3 s where there is no delivery, and then the event is dropped', async () => {
    await start({ answer: () => ({ status: 500 }), delivery: null });
    await eventLog.append([event('one')]);
    await runOut(Array.from({ length: 10 }, (_, index) => 300 * 2 ** (index + 1)));
    await settled();
    expect(ids()).toHaveLength(11);
    expect(lines).toEqual([expect.stringContaining('dropped, for want of a dead letter sink')]);
  });
});

describe('a dead letter', () => {
  it('is the event, with where and why it failed', async () => {
    const body = 'x'.repeat(1023) + 'yz';
    await start({ answer: () => ({ status: 422, body, headers: { 'Kne-Reason': 'contract' } }) });
    await eventLog.append([event('one', 'b')]);
    await settled();
    const [letter] = dead();
    expect(letter).toMatchObject({
      key: 'b',
      headers: {
        ...event('one', 'b').headers,
        ce_knativeerrordest: `${receiver.url}/events`,
        ce_knativeerrorcode: '422',
        ce_reason: 'contract',
        ce_knativekafkapartition: '20',
        ce_knativekafkaoffset: '0',
      },
    });
    expect(letter?.value?.toString()).toBe('{"id":"one"}');
    expect(Buffer.from(letter?.headers.ce_knativeerrordata ?? '', 'base64').toString()).toBe('x'.repeat(1023) + 'y');
  });

  it('has no code where there was no answer', async () => {
    await start({ answer: () => ({ status: 0 }), delivery: { ...deliverySpec, retry: 0 } });
    await eventLog.append([event('one')]);
    await settled();
    expect(dead()[0]?.headers).toHaveProperty('ce_knativeerrordest');
    expect(dead()[0]?.headers).not.toHaveProperty('ce_knativeerrorcode');
  });

  it('is tried as often as the event, and then dropped', async () => {
    const deadLetterSink = { uri: 'http://127.0.0.1:1/' };
    await start({ answer: () => ({ status: 422 }), delivery: { ...deliverySpec, deadLetterSink } });
    await eventLog.append([event('one')]);
    await runOut([400, 800, 1600]);
    await settled();
    expect(lines).toEqual([expect.stringContaining('dropped, as the dead letter sink fails')]);
  });

  it.each([
    ['a media type that no header can carry', { 'content-type': 'text/plain\n' }, 422],
    ['a media type in another script', { 'content-type': 'text/текст' }, 422],
    ['headers that the sink does not take', { note: 'x'.repeat(20_000) }, 431],
    ['headers as large as a record may be', { note: 'é'.repeat(500_000) }, 431],
  ])('is readable where a record has %s', async (_, headers, status) => {
    await start({ answer: () => ({ status: 422 }) });
    await eventLog.append([{ topic, key: 'a', value: Buffer.from('text'), headers }]);
    await settled();
    expect(lines).toEqual([expect.stringContaining(`dead-lettered: ${topic} partition 19 offset 0: status ${status}`)]);
    const kept = 'note' in headers ? { ce_kafkaheadernote: headers.note } : headers;
    expect(dead()).toMatchObject([{ headers: { ...kept, ce_knativeerrorcode: String(status) } }]);
    expect(dead()[0]?.value?.toString()).toBe('text');
  });

  it('is written at once where no request can be made of the event', async () => {
    await start({ spec: { sink: { uri: 'ftp://127.0.0.1/' } } });
    await eventLog.append([event('one')]);
    await settled();
    expect(dead()).toMatchObject([{ headers: { ce_id: 'one', ce_knativeerrordest: 'ftp://127.0.0.1/' } }]);
  });

  it('does not hold up what comes after', async () => {
    await start({ answer: ({ headers }) => ({ status: headers['ce-id'] === 'poison' ? 400 : 204 }) });
    await eventLog.append([event('poison'), event('two'), event('three')]);
    await settled();
    expect(ids()).toEqual(['poison', 'two', 'three']);
    expect(dead()).toHaveLength(1);
  });
});

describe('ordered', () => {
  it('keeps a partition waiting through retries, and the other partitions going', async () => {
    await start({
      answer: ({ headers }, times) => ({ status: headers['ce-id'] === 'first' && times === 1 ? 503 : 204 }),
    });
    await eventLog.append([event('first', 'a'), event('second', 'a')]);
    await receiver.count(1);
    await eventLog.append([event('elsewhere', 'b')]);
    await receiver.count(2);
    await runOut([400]);
    await settled();
    expect(ids()).toEqual(['first', 'elsewhere', 'first', 'second']);
  });

  it('is the default', async () => {
    const held = Promise.withResolvers<Answer>();
    await start({ answer: ({ headers }) => (headers['ce-id'] === 'first' ? held.promise : { status: 204 }) });
    await eventLog.append([event('first', 'a'), event('second', 'a'), event('elsewhere', 'b')]);
    await receiver.count(2);
    expect(ids()).not.toContain('second');
    held.resolve({ status: 204 });
    await settled();
  });
});

describe('unordered', () => {
  it('delivers the rest of a partition while one is retried', async () => {
    await start({
      spec: { ordering: 'unordered' },
      answer: ({ headers }, times) => ({ status: headers['ce-id'] === 'first' && times === 1 ? 503 : 204 }),
    });
    await eventLog.append([event('first', 'a')]);
    await receiver.count(1);
    await eventLog.append([event('second', 'a'), event('third', 'a')]);
    await receiver.count(3);
    expect(new Set(ids().slice(1))).toEqual(new Set(['second', 'third']));
    await runOut([400]);
    await settled();
    expect(ids().at(-1)).toBe('first');
  });

  it('has at most fifty under way, over all partitions', async () => {
    const held = Promise.withResolvers<Answer>();
    await start({ spec: { ordering: 'unordered' }, answer: () => held.promise });
    const letters = ['a', 'b', 'c'];
    await eventLog.append(Array.from({ length: 90 }, (_, index) => event(`${index}`, letters[index % 3])));
    await receiver.count(50);
    expect(receiver.received).toHaveLength(50);
    held.resolve({ status: 204 });
    await settled();
    expect(new Set(ids()).size).toBe(90);
  });
});

describe('a consumer group', () => {
  it.each([
    ['earliest', ['before', 'after']],
    ['latest', ['after']],
  ])('without offsets begins at the %s', async (initialOffset, expected) => {
    await eventLog.append([event('before')]);
    await start({ spec: { initialOffset } });
    await eventLog.append([event('after')]);
    await receiver.count(expected.length);
    await settled();
    expect(ids()).toEqual(expected);
  });

  it('keeps for the next start what was not dealt with at the stop', async () => {
    await start({ answer: () => ({ status: 503 }) });
    await eventLog.append([event('one')]);
    await clock.awaited(400);
    await source?.stop();
    expect(await eventLog.lag('sample', [topic])).toBe(1n);
    await receiver.close();
    await start();
    await receiver.count(1);
    await settled();
    expect(dead()).toEqual([]);
  });

  it('waits at the stop for what is being delivered', async () => {
    const held = Promise.withResolvers<Answer>();
    await start({ answer: () => held.promise });
    await eventLog.append([event('one')]);
    await receiver.count(1);
    const stopped = source?.stop();
    held.resolve({ status: 204 });
    await stopped;
    expect(await eventLog.lag('sample', [topic])).toBe(0n);
  });

  it('is joined again when the subscription fails', async () => {
    await start();
    eventLog.fail(new Error('broker gone'));
    await clock.awaited(1000);
    clock.advance(1000);
    await eventLog.append([event('one')]);
    await receiver.count(1);
    expect(lines).toEqual(['subscription failed: broker gone']);
  });

  it('consumes nothing with zero consumers', async () => {
    await start({ spec: { consumers: 0 } });
    await eventLog.append([event('one')]);
    expect(await eventLog.lag('sample', [topic])).toBe(1n);
    expect(receiver.received).toEqual([]);
  });
});
