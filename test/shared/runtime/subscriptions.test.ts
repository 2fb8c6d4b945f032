import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { call, doors, openSample } from './doors.ts';
import type { Door, Reply } from './doors.ts';

const noteId = '0197b3a0-0000-7000-8000-000000000001';
const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const type = 'careflow.note.added.v1';
const source = '/careflow/notes';
const time = '2026-03-01T09:00:00Z';
const data = { noteId, at: time, does: 'succeed' };

let events = 0;
const nextId = (): string => `event-${(events += 1)}`;

function attributes() {
  return { specversion: '1.0', id: nextId(), type, source, time };
}

/** The headers of binary mode; an attribute that is undefined is left out. */
function binary(
  given: Readonly<Record<string, string | number | undefined>> = {},
  mediaType = 'application/json',
): Record<string, string> {
  const headers: Record<string, string> = mediaType === '' ? {} : { 'content-type': mediaType };
  const all: typeof given = { ...attributes(), ...given };
  for (const [name, value] of Object.entries(all)) {
    if (value !== undefined) headers[`ce-${name}`] = String(value);
  }
  return headers;
}

describe.each(doors)('events behind %s', (name) => {
  let door: Door;
  beforeAll(async () => {
    door = await openSample(name, { REQUEST_TIMEOUT_MS: '700' });
  });
  afterAll(async () => {
    await door.stop();
  });

  const post = async (headers: Readonly<Record<string, string>>, body?: unknown, path = '/events'): Promise<Reply> =>
    call(door, 'POST', path, { headers, body });
  const structured = async (event: unknown, mediaType = 'application/cloudevents+json'): Promise<Reply> =>
    post({ 'content-type': mediaType }, event);
  const batch = async (...batched: readonly unknown[]): Promise<Reply> =>
    post({ 'content-type': 'application/cloudevents-batch+json' }, batched);
  const taken = async (): Promise<unknown> =>
    (await call(door, 'GET', '/fr/taken', { headers: { authorization: 'Bearer ada' } })).json['items'];

  describe('are taken', () => {
    it.each(['/events', '/'])('in binary mode at %s', async (path) => {
      const headers = binary();
      const { status, text } = await post(headers, data, path);
      expect({ status, text }).toEqual({ status: 204, text: '' });
      expect(await taken()).toContain(headers['ce-id']);
    });

    it('in structured mode', async () => {
      const event = { ...attributes(), datacontenttype: 'application/json', data };
      expect((await structured(event)).status).toBe(204);
      expect(await taken()).toContain(event['id']);
    });

    it('in structured mode, whatever the media type is written like', async () => {
      expect((await structured({ ...attributes(), data }, 'Application/CloudEvents+JSON; charset=UTF-8')).status).toBe(
        204,
      );
    });

    it('in structured mode with their data in base64, and with attributes that are null', async () => {
      const base64 = Buffer.from(JSON.stringify(data)).toString('base64');
      expect((await structured({ ...attributes(), subject: null, data_base64: base64 })).status).toBe(204);
    });

    it('in a batch', async () => {
      const batched = [1, 2, 3].map(() => ({ ...attributes(), data }));
      expect((await batch(...batched)).status).toBe(204);
      expect(await taken()).toEqual(expect.arrayContaining(batched.map((event) => event['id'])));
      expect((await batch()).status).toBe(204);
    });

    it('with the extensions that Knative adds', async () => {
      const headers = binary({ knativekafkapartition: 3, knativekafkaoffset: 41, partitionkey: 'p', subject: noteId });
      expect((await post(headers, data)).status).toBe(204);
    });

    it('from any source where the contract names none', async () => {
      const headers = binary({ type: 'careflow.clock.ticked.v1', source: '/apis/v1/namespaces/x/pingsources/y' });
      expect((await post(headers, {})).status).toBe(204);
    });

    it('with data of any size up to a mebibyte', async () => {
      const labels = Object.fromEntries(Array.from({ length: 20_000 }, (_, n) => [`label-${n}`, n]));
      expect((await post(binary(), { ...data, labels })).status).toBe(204);
    });
  });

  it('carry on the trace of the request that caused them', async () => {
    const traceparent = `00-${traceId}-00f067aa0ba902b7-01`;
    const hop = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
    const { headers } = await post({ ...binary({ traceparent }), traceparent: hop }, data);
    expect(headers.get('traceparent')).toMatch(new RegExp(`^00-${traceId}-[0-9a-f]{16}-01$`));
    const own = await post({ ...binary(), traceparent: hop }, data);
    expect(own.headers.get('traceparent')).toContain('a'.repeat(32));
  });

  describe('are refused for good, and the dead letter says why', () => {
    const refusal = async (reply: Promise<Reply>) => {
      const { status, json, headers, text } = await reply;
      expect(headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
      expect(text.length).toBeLessThan(1024);
      expect(text).not.toContain('canary');
      return { status, reason: json['reason'], paths: json['paths'] };
    };

    it.each([
      ['a missing field', { noteId, at: time }, ['/data/does']],
      ['an extra field', { ...data, canary: 1 }, ['/data']],
      ['a wrong type', { ...data, noteId: 7, does: null }, ['/data/noteId', '/data/does']],
      ['a bad date', { ...data, at: 'canary' }, ['/data/at']],
      ['a bad value under a key that somebody sent', { ...data, labels: { canary: 'x' } }, ['/data/labels/*']],
      ['a list', [data], ['/data']],
      ['a text', '"canary"', ['/data']],
      ['a number', '7', ['/data']],
      ['null', 'null', ['/data']],
    ])('with %s as data', async (_, body, paths) => {
      expect(await refusal(post(binary(), body))).toEqual({ status: 422, reason: 'invalid-data', paths });
      const sent = typeof body === 'string' ? JSON.parse(body) : body;
      expect(await refusal(structured({ ...attributes(), data: sent }))).toMatchObject({ status: 422, paths });
    });

    it('as a tombstone', async () => {
      expect(await refusal(post(binary()))).toMatchObject({ status: 422, reason: 'tombstone' });
      expect(await refusal(post(binary({}, '')))).toMatchObject({ status: 422, reason: 'tombstone' });
      expect(await refusal(structured(attributes()))).toMatchObject({ status: 422, reason: 'tombstone' });
    });

    it('as a record that is no CloudEvent, or half of one', async () => {
      const headers = binary({
        type: 'dev.knative.kafka.event',
        source: '/apis/v1/namespaces/careflow/kafkasources/notes#note-events',
        id: 'partition:0/offset:7',
        kafkaheadercetype: 'canary',
      });
      expect(await refusal(post(headers, data))).toMatchObject({ status: 422, reason: 'foreign-record' });
    });

    it('as an unknown type', async () => {
      expect(await refusal(post(binary({ type: 'canary' }), data))).toMatchObject({
        status: 422,
        reason: 'unknown-type',
      });
    });

    it('as a known type of another source', async () => {
      const reply = post(binary({ source: '/careflow/canary' }), data);
      expect(await refusal(reply)).toMatchObject({ status: 422, reason: 'wrong-source' });
    });

    it('with data of another media type', async () => {
      const reply = post(binary({}, 'text/plain'), JSON.stringify(data));
      expect(await refusal(reply)).toMatchObject({ status: 422, reason: 'invalid-data' });
    });

    it.each([
      ['id', undefined],
      ['id', ''],
      ['source', undefined],
      ['type', undefined],
      ['specversion', undefined],
      ['specversion', '0.3'],
      ['specversion', '2.0'],
      ['time', undefined],
      ['time', 'canary'],
      ['time', '2026-02-30T09:00:00Z'],
      ['time', '2026-03-01'],
    ])('with the attribute %s %s', async (attribute, value) => {
      const expected = { status: 400, reason: 'invalid-attribute', paths: [`/${attribute}`] };
      expect(await refusal(post(binary({ [attribute]: value }), data))).toEqual(expected);
      expect(await refusal(structured({ ...attributes(), [attribute]: value, data }))).toEqual(expected);
    });

    it.each([
      ['a source that is no URI reference', { source: 'can ary' }],
      ['a dataschema that is no URI', { dataschema: 'canary' }],
    ])('with %s', async (_, given) => {
      expect(await refusal(structured({ ...attributes(), ...given, data }))).toMatchObject({ status: 400 });
    });

    it('with an extension whose name no CloudEvent may have', async () => {
      expect(await refusal(structured({ ...attributes(), canary_name: 'x', data }))).toMatchObject({ status: 400 });
    });

    it.each([
      ['nothing', {}, undefined, 'not-an-event'],
      ['text', { 'content-type': 'text/plain' }, 'canary', 'not-an-event'],
      ['JSON without attributes', { 'content-type': 'application/json' }, { canary: 1 }, 'not-an-event'],
      ['malformed JSON', { 'content-type': 'application/cloudevents+json' }, '{"canary', 'not-json'],
      ['a text in structured mode', { 'content-type': 'application/cloudevents+json' }, '"canary"', 'not-an-event'],
      ['a list in structured mode', { 'content-type': 'application/cloudevents+json' }, [data], 'not-an-event'],
      ['no list in batch mode', { 'content-type': 'application/cloudevents-batch+json' }, data, 'not-an-event'],
    ])('as garbage: %s', async (_, headers, body, reason) => {
      expect(await refusal(post(headers, body))).toMatchObject({ status: 400, reason });
    });

    it('with malformed JSON as data', async () => {
      expect(await refusal(post(binary(), '{"canary'))).toMatchObject({ status: 400, reason: 'not-json' });
    });

    it('when they are huge', async () => {
      const reply = post(binary(), { ...data, does: 'x'.repeat(1024 * 1024) });
      expect(await refusal(reply)).toMatchObject({ status: 413, reason: 'payload-too-large' });
    });

    it('when they are compressed', async () => {
      const reply = post({ ...binary(), 'content-encoding': 'gzip' }, data);
      expect(await refusal(reply)).toMatchObject({ status: 415, reason: 'unsupported-media-type' });
    });
  });

  describe('answer what the handler says', () => {
    it.each([
      ['refuse', 422, 'conflict'],
      ['overlap', 409, 'in-progress'],
      ['throttle', 429, 'rate-limited'],
      ['fail', 503, 'unavailable'],
      ['break', 500, 'internal'],
      ['hang', 503, 'unavailable'],
    ])('%s with %i', async (does, status, reason) => {
      const reply = await post(binary(), { ...data, does });
      expect(reply).toMatchObject({ status, json: { reason } });
      expect(reply.text).not.toMatch(/Ada|nextFree|cannot be done/);
    });
  });

  describe('of a batch', () => {
    const event = (does: string) => ({ ...attributes(), data: { ...data, does } });

    it('are all taken but the one that no redelivery cures, which decides the answer', async () => {
      const [first, second, last] = [event('succeed'), event('refuse'), event('succeed')];
      expect(await batch(first, second, last)).toMatchObject({ status: 422, json: { reason: 'conflict' } });
      expect(await taken()).toEqual(expect.arrayContaining([first['id'], last['id']]));
    });

    it('wait for the one before them that needs a redelivery', async () => {
      const [first, second, last] = [event('refuse'), event('fail'), event('succeed')];
      expect((await batch(first, second, last)).status).toBe(503);
      expect(await taken()).not.toContain(last['id']);
    });

    it('are taken although one is no event at all', async () => {
      const [first, last] = [event('succeed'), event('succeed')];
      expect((await batch(first, 'canary', { canary: 1 }, last)).status).toBe(400);
      expect(await taken()).toEqual(expect.arrayContaining([first['id'], last['id']]));
    });
  });

  it('come by POST only', async () => {
    const { status, headers } = await call(door, 'GET', '/events');
    expect({ status, allow: headers.get('allow') }).toEqual({ status: 405, allow: 'POST' });
  });
});
