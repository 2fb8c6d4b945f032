import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type KafkaSinks, startKafkaSinks } from '../../../infra/local/knative/kafka-sink.ts';
import { parseResources } from '../../../infra/local/knative/resources.ts';
import { AppError } from '../../../shared/errors.ts';
import { one } from './support/manifests.ts';
import { createMemoryEventLog, type MemoryEventLog } from './support/memory-event-log.ts';

const manifests = ['binary', 'structured'].map((mode) =>
  one(`
    apiVersion: eventing.knative.dev/v1alpha1
    kind: KafkaSink
    metadata: { name: ${mode} }
    spec: { topic: ${mode}-topic, bootstrapServers: [kafka:9092], contentMode: ${mode} }`),
);

let eventLog: MemoryEventLog;
let sinks: KafkaSinks;

async function start(log: MemoryEventLog = createMemoryEventLog()): Promise<void> {
  eventLog = log;
  sinks = await startKafkaSinks(parseResources(manifests).kafkaSinks, eventLog);
}

beforeEach(() => start());
afterEach(() => sinks.stop());

const headers = {
  'ce-specversion': '1.0',
  'ce-id': 'one',
  'ce-source': '/s',
  'ce-type': 't',
  'ce-partitionkey': 'k',
  'content-type': 'application/json',
};
const attributes = { specversion: '1.0', id: 'one', source: '/s', type: 't', partitionkey: 'k' };

const refuse = () => Promise.reject(new AppError('unavailable', 'no broker'));

async function post(name: string, init: RequestInit): Promise<number> {
  return (await fetch(sinks.url(name), { method: 'POST', ...init })).status;
}

describe('a KafkaSink', () => {
  it('appends an event in binary mode, under its partition key, and answers 202', async () => {
    expect(await post('binary', { headers, body: '{"a":1}' })).toBe(202);
    const [record] = eventLog.records('binary-topic');
    expect(record).toMatchObject({
      key: 'k',
      headers: { ce_specversion: '1.0', ce_id: 'one', ce_source: '/s', ce_type: 't', ce_partitionkey: 'k' },
    });
    expect(record?.headers['content-type']).toBe('application/json');
    expect(record?.value?.toString()).toBe('{"a":1}');
  });

  it('appends an event in structured mode where the manifest says so', async () => {
    expect(await post('structured', { headers, body: '{"a":1}' })).toBe(202);
    const [record] = eventLog.records('structured-topic');
    expect(record?.headers).toEqual({ 'content-type': 'application/cloudevents+json' });
    const value: unknown = JSON.parse(record?.value?.toString() ?? '');
    expect(value).toEqual({ ...attributes, datacontenttype: 'application/json', data: { a: 1 } });
  });

  it('takes an event in structured mode', async () => {
    const body = JSON.stringify({ ...attributes, datacontenttype: 'text/plain', data: 'text' });
    expect(await post('binary', { headers: { 'content-type': 'application/cloudevents+json' }, body })).toBe(202);
    const [record] = eventLog.records('binary-topic');
    expect(record?.headers).toMatchObject({ ce_id: 'one', 'content-type': 'text/plain' });
    expect(record?.value?.toString()).toBe('text');
  });

  it('takes an event without data', async () => {
    const { 'content-type': _, ...bare } = headers;
    expect(await post('binary', { headers: bare })).toBe(202);
    expect(eventLog.records('binary-topic')[0]?.value).toBeNull();
  });

  it('refuses what is no event', async () => {
    const { 'ce-id': _, ...half } = headers;
    expect(await post('binary', { headers: half, body: '{}' })).toBe(400);
    expect(await post('binary', { body: 'text' })).toBe(400);
    expect(eventLog.records('binary-topic')).toEqual([]);
  });

  it('refuses other methods and other paths', async () => {
    expect((await fetch(sinks.url('binary'))).status).toBe(405);
    expect((await fetch(`${sinks.url('binary')}/more`, { method: 'POST' })).status).toBe(404);
    expect(() => sinks.url('nobody')).toThrow('there is no Kafka sink nobody');
  });

  it('answers 503 while the log is down', async () => {
    await sinks.stop();
    await start({ ...createMemoryEventLog(), append: refuse });
    expect(await post('binary', { headers, body: '{}' })).toBe(503);
  });
});
