import { connect } from 'node:net';
import { text as textOf } from 'node:stream/consumers';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { call, doors, openSample } from './doors.ts';
import type { Door } from './doors.ts';
import { known } from './sample-function.ts';

const bearer = { authorization: 'Bearer ada' };
const json = { ...bearer, 'content-type': 'application/json' };
const note = { text: 'call back', due: '2026-03-01T09:00:00+01:00' };
const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';

/** Sends bytes as they are, for what no client library would send. */
async function sendRaw({ url }: Door, bytes: string): Promise<string> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.write(bytes);
  return textOf(socket);
}

describe.each(doors)('operations behind %s', (name) => {
  let door: Door;
  beforeAll(async () => {
    door = await openSample(name, { REQUEST_TIMEOUT_MS: '700' });
  });
  afterAll(async () => {
    await door.stop();
  });
  const post = async (body: unknown, headers: Readonly<Record<string, string>> = json) =>
    call(door, 'POST', '/fr/notes', { headers, body });

  it('answers 201 with a location, an entity tag and the rate limit', async () => {
    const { status, headers, json: body } = await post(note);
    expect(status).toBe(201);
    expect(body).toEqual({ ...note, id: known.id, version: 1 });
    expect(Object.fromEntries(headers)).toMatchObject({
      'content-type': 'application/json; charset=utf-8',
      'cache-control': 'no-store',
      etag: '"1"',
      location: `/fr/notes/${known.id}`,
      'ratelimit-limit': '100',
      'ratelimit-remaining': '99',
      'ratelimit-reset': '60',
    });
  });

  it('answers 200 with defaults filled in and the headers an operation gives', async () => {
    const { status, headers, json: body } = await call(door, 'GET', `/fr/notes/${known.id}`, { headers: bearer });
    expect({ status, body }).toEqual({ status: 200, body: { ...known, limit: 20 } });
    expect(headers.get('etag')).toBe('"3"');
    expect(headers.get('x-source')).toBe('sample');
    expect(headers.get('location')).toBeNull();
  });

  describe('that take bodies as they came', () => {
    const scan = async (body: string, mediaType: string, accept?: string) => {
      const headers = { ...bearer, 'content-type': mediaType, ...(accept !== undefined && { accept }) };
      return call(door, 'POST', '/fr/scans', { headers, body });
    };

    it('hand on every byte of a declared media type, JSON among them', async () => {
      const odd = await scan('\u000b{"\u00e9"\r\r', 'Application/VND.scan; charset=utf-8');
      expect({ status: odd.status, body: odd.json }).toEqual({
        status: 202,
        body: { mediaType: 'application/vnd.scan', bytes: '0b7b22c3a9220d0d' },
      });
      expect((await scan('{"', 'application/json')).json).toEqual({ mediaType: 'application/json', bytes: '7b22' });
    });

    it('answer in the media type that is asked for, with a status of its own', async () => {
      const receipt = 'application/vnd.receipt';
      const written = await scan('x', 'application/json', `application/json;q=0.5, ${receipt}`);
      expect([written.status, written.text]).toEqual([200, 'ok']);
      expect(written.headers.get('content-type')).toBe(`${receipt}; charset=utf-8`);
      const refused = await scan('\0x', 'application/json', receipt);
      expect([refused.status, refused.text]).toEqual([422, '\0x']);
      const others = ['*/*', 'text/html', `${receipt};q=0.4, application/json`, `${receipt};q=0`, `${receipt};q=x`];
      for (const accept of others) expect((await scan('x', 'application/json', accept)).status).toBe(202);
    });

    it('refuse another media type, charset or encoding, what is too large, and nothing at all', async () => {
      const refusals = [
        await scan('x', 'text/plain'),
        await scan('x', 'application/vnd.scan; charset=latin1'),
        await scan('x'.repeat(1025), 'application/vnd.scan'),
        await scan('', 'application/vnd.scan'),
        await call(door, 'POST', '/fr/scans', { headers: bearer }),
      ];
      expect(refusals.map(({ status }) => status)).toEqual([415, 415, 413, 400, 400]);
    });
  });

  it('takes path, query and body as one input', async () => {
    const reply = await call(door, 'GET', `/fr/notes/${known.id}?limit=7`, { headers: bearer });
    expect(reply.json).toMatchObject({ id: known.id, limit: 7 });
  });

  it('answers 204 with nothing', async () => {
    const { status, headers, text } = await call(door, 'DELETE', `/fr/notes/${known.id}`, { headers: bearer });
    expect({ status, text, type: headers.get('content-type') }).toEqual({ status: 204, text: '', type: null });
  });

  it('answers HEAD as GET, without the body', async () => {
    const { status, headers, text } = await call(door, 'HEAD', `/fr/notes/${known.id}`, { headers: bearer });
    expect({ status, etag: headers.get('etag'), text }).toEqual({ status: 200, etag: '"3"', text: '' });
  });

  it('takes a body that is left out as an empty one', async () => {
    const path = `/fr/notes/${known.id}`;
    expect((await call(door, 'PUT', path, { headers: bearer })).status).toBe(200);
    expect((await call(door, 'PUT', path, { headers: json })).status).toBe(200);
  });

  describe('who may', () => {
    it('asks for a token', async () => {
      const { status, headers, json: body } = await call(door, 'GET', `/fr/notes/${known.id}`);
      expect(status).toBe(401);
      expect(headers.get('www-authenticate')).toBe('Bearer realm="careflow"');
      expect(headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
      expect(body).toMatchObject({
        type: 'urn:careflow:problem:unauthenticated',
        status: 401,
        code: 'unauthenticated',
      });
    });

    it('says what is wrong with a token that is not good', async () => {
      const { status, headers } = await post(note, { ...json, authorization: 'Bearer expired' });
      expect(status).toBe(401);
      expect(headers.get('www-authenticate')).toBe(
        'Bearer realm="careflow", error="invalid_token", error_description="expired"',
      );
    });

    it.each([
      ['another role', 'Bearer ada fr staff notes'],
      ['another scope', 'Bearer ada fr patient others'],
      ['another country', 'Bearer ada de patient notes'],
    ])('forbids %s, before it looks at the input', async (_, authorization) => {
      const { status, json: body } = await post('{"not json', { ...json, authorization });
      expect({ status, code: body['code'] }).toEqual({ status: 403, code: 'forbidden' });
    });

    it('says when to come back to one who asks too often', async () => {
      const { status, headers } = await post(note, { ...json, authorization: 'Bearer busy' });
      expect(status).toBe(429);
      expect(Object.fromEntries(headers)).toMatchObject({
        'retry-after': '7',
        'ratelimit-remaining': '0',
        'ratelimit-reset': '7',
      });
    });
  });

  describe('input', () => {
    it('is refused with every fault at once, and nothing of it is repeated', async () => {
      const {
        status,
        json: body,
        text,
      } = await post({
        text: 5,
        due: '2026-02-30T09:00:00Z',
        tags: { 'ada@example.org': 'x' },
        pages: [{ number: 1 }, { number: 'canary' }],
        canary: true,
      });
      expect(status).toBe(400);
      expect(body['errors']).toEqual([
        { path: '/text', message: expect.any(String) },
        { path: '/due', message: expect.any(String) },
        { path: '/tags/*', message: expect.any(String) },
        { path: '/pages/1/number', message: expect.any(String) },
        { path: '', message: 'Has members that are not known here' },
      ]);
      expect(text).not.toMatch(/canary|ada@|02-30/);
    });

    it.each([
      ['no body', undefined],
      ['a missing field', { text: 'x' }],
      ['a null', { ...note, text: null }],
      ['a list', [note]],
      ['a bare string', '"text"'],
      ['a date without a time', { ...note, due: '2026-03-01' }],
      ['a date without an offset', { ...note, due: '2026-03-01T09:00:00' }],
      ['a date as a number', { ...note, due: 1_772_355_600 }],
      ['text that is too long', { ...note, text: 'x'.repeat(501) }],
      ['a character no database stores', { ...note, text: 'a\u0000b' }],
      ['a prototype', '{"text":"x","due":"2026-03-01T09:00:00Z","__proto__":{"admin":true}}'],
      ['malformed JSON', '{"text":"canary'],
      ['something else altogether', 'canary'],
    ])('is refused when it is %s', async (_, body) => {
      const reply = await post(body);
      expect(reply.status).toBe(400);
      expect(reply.json).toMatchObject({ code: 'invalid-input', status: 400 });
      expect(reply.headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
      expect(reply.text).not.toContain('canary');
    });

    it.each([
      ['an id that is none', '/fr/notes/canary'],
      ['a country that is none', `/FRA/notes/${known.id}`],
      ['an unknown query', `/fr/notes/${known.id}?canary=1`],
      ['a query of the wrong type', `/fr/notes/${known.id}?limit=canary`],
      ['a query out of range', `/fr/notes/${known.id}?limit=101`],
      ['a query given twice', `/fr/notes/${known.id}?limit=1&limit=2`],
    ])('is refused when the address holds %s', async (_, path) => {
      const headers = { authorization: `Bearer ada ${path.split('/')[1]}` };
      const reply = await call(door, 'GET', path, { headers });
      expect({ status: reply.status, code: reply.json['code'] }).toEqual({ status: 400, code: 'invalid-input' });
      expect(reply.text).not.toContain('canary');
    });

    // functions-framework decodes the path before it calls a function, and answers with a page of its own.
    it('is refused when the path cannot be decoded', async () => {
      const reply = await call(door, 'GET', '/fr/notes/%zz', { headers: bearer });
      expect(reply.status).toBe(400);
      if (name === 'fastify') expect(reply.json['code']).toBe('invalid-input');
    });

    it('is refused when a body comes to an operation that takes none', async () => {
      const reply = await call(door, 'DELETE', `/fr/notes/${known.id}`, { headers: json, body: { canary: 1 } });
      expect(reply.status).toBe(400);
    });

    it('is refused when it is huge', async () => {
      const { status, json: body } = await post({ ...note, text: 'x'.repeat(300 * 1024) });
      expect({ status, code: body['code'] }).toEqual({ status: 413, code: 'payload-too-large' });
    });

    it.each([
      ['another media type', { 'content-type': 'text/plain' }],
      ['no media type', { 'content-type': '' }],
      ['a compressed body', { 'content-type': 'application/json', 'content-encoding': 'gzip' }],
      ['a charset other than UTF-8', { 'content-type': 'application/json; charset=latin1' }],
    ])('is refused with %s', async (_, headers) => {
      const { status, json: body } = await post(note, { ...bearer, ...headers });
      expect({ status, code: body['code'] }).toEqual({ status: 415, code: 'unsupported-media-type' });
    });

    it('may name UTF-8', async () => {
      expect((await post(note, { ...json, 'content-type': 'application/json; charset="UTF-8"' })).status).toBe(201);
    });
  });

  describe('refusals', () => {
    it('tell a path that is not there', async () => {
      const { status, json: body } = await call(door, 'POST', '/nowhere', {
        headers: { 'content-type': 'text/csv' },
        body: 'x',
      });
      expect({ status, code: body['code'] }).toEqual({ status: 404, code: 'not-found' });
    });

    it('tell which methods a path has', async () => {
      const { status, headers, json: body } = await call(door, 'PATCH', `/fr/notes/${known.id}`);
      expect({ status, code: body['code'] }).toEqual({ status: 405, code: 'method-not-allowed' });
      expect(headers.get('allow')).toBe('DELETE, GET, HEAD, PUT');
    });

    it('carry what an operation says, its details beside the standard members', async () => {
      const { status, json: body } = await post({ ...note, text: 'refuse' });
      expect(status).toBe(409);
      expect(body).toMatchObject({
        type: 'urn:careflow:problem:conflict',
        title: expect.any(String),
        status: 409,
        code: 'conflict',
        detail: 'It cannot be done.',
        nextFree: ['2026-03-01T10:00:00Z'],
      });
    });

    it.each([
      ['an unknown id', '0197b3a0-0000-7000-8000-00000000ffff', 404],
      ['a known one', known.id, 200],
    ])('tell %s', async (_, id, status) => {
      expect((await call(door, 'GET', `/fr/notes/${id}`, { headers: bearer })).status).toBe(status);
    });

    it('say when a dependency may be back', async () => {
      const { status, headers } = await post({ ...note, text: 'fail' });
      expect({ status, retryAfter: headers.get('retry-after') }).toEqual({ status: 503, retryAfter: '5' });
    });

    it('say nothing of a bug', async () => {
      const { status, json: body, text } = await post({ ...note, text: 'break' });
      expect({ status, code: body['code'], detail: body['detail'] }).toEqual({ status: 500, code: 'internal' });
      expect(text).not.toContain('Ada');
    });

    it('come in time, however long an operation takes', async () => {
      const { status, json: body } = await post({ ...note, text: 'hang' });
      expect({ status, code: body['code'] }).toEqual({ status: 503, code: 'unavailable' });
    });
  });

  describe('Idempotency-Key', () => {
    it('replays the answer to the same request', async () => {
      const headers = { ...json, 'idempotency-key': 'same' };
      const first = await post(note, headers);
      const second = await post({ due: note.due, text: note.text }, headers);
      expect([first.status, second.status]).toEqual([201, 201]);
      expect(second.text).toBe(first.text);
      expect(second.headers.get('idempotency-replayed')).toBe('true');
      expect(first.headers.get('idempotency-replayed')).toBeNull();
      expect(second.headers.get('etag')).toBe(first.headers.get('etag'));
      expect(second.headers.get('location')).toBe(first.headers.get('location'));
    });

    it('is refused with another body', async () => {
      const headers = { ...json, 'idempotency-key': 'other' };
      await post(note, headers);
      const { status, json: body } = await post({ ...note, text: 'else' }, headers);
      expect({ status, code: body['code'] }).toEqual({ status: 422, code: 'unprocessable' });
    });

    it('belongs to one caller', async () => {
      await post(note, { ...json, 'idempotency-key': 'mine' });
      const { status, headers } = await post(note, { ...json, authorization: 'Bearer bob', 'idempotency-key': 'mine' });
      expect({ status, replayed: headers.get('idempotency-replayed') }).toEqual({ status: 201, replayed: null });
    });

    it('replays what a concurrent twin has committed, whatever error that caused', async () => {
      const { status, headers } = await post({ ...note, text: 'twin' }, { ...json, 'idempotency-key': 'twin' });
      expect({ status, replayed: headers.get('idempotency-replayed') }).toEqual({ status: 201, replayed: 'true' });
    });

    it('leaves an error as it is where nothing was committed', async () => {
      const { status } = await post({ ...note, text: 'refuse' }, { ...json, 'idempotency-key': 'refused' });
      expect(status).toBe(409);
    });

    it.each([
      ['empty', ''],
      ['too long', 'x'.repeat(256)],
      ['with a space', 'a b'],
      ['with a letter beyond ASCII', 'é'],
    ])('is refused when it is %s', async (_, key) => {
      const { status, json: body } = await post(note, { ...json, 'idempotency-key': key });
      expect({ status, code: body['code'] }).toEqual({ status: 400, code: 'invalid-input' });
    });
  });

  describe('If-Match', () => {
    const put = async (ifMatch: string) =>
      call(door, 'PUT', `/fr/notes/${known.id}`, { headers: { ...json, 'if-match': ifMatch }, body: {} });

    it('lets the version it names be changed, and any', async () => {
      expect((await put('"3"')).headers.get('etag')).toBe('"4"');
      expect((await put('*')).status).toBe(200);
    });

    it('is 412 for another version', async () => {
      expect((await put('"2"')).status).toBe(412);
    });

    it.each(['W/"3"', '3', '"three"', '"3", "4"', '"-3"', '"03"', '""'])('is refused as %s', async (tag) => {
      expect((await put(tag)).status).toBe(400);
    });
  });

  describe('traceparent', () => {
    it('keeps the trace and starts a span', async () => {
      const parent = `00-${traceId}-00f067aa0ba902b7-01`;
      const answered = (await post(note, { ...json, traceparent: parent })).headers.get('traceparent');
      expect(answered).toMatch(new RegExp(`^00-${traceId}-(?!00f067aa0ba902b7)[0-9a-f]{16}-01$`));
    });

    it.each(['nonsense', `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`, `ff-${traceId}-00f067aa0ba902b7-01`])(
      'starts a trace in place of %s',
      async (parent) => {
        const answered = (await post(note, { ...json, traceparent: parent })).headers.get('traceparent');
        expect(answered).toMatch(/^00-(?!0{32})[0-9a-f]{32}-[0-9a-f]{16}-01$/);
        expect(answered).not.toContain(traceId);
      },
    );
  });

  it('refuses what is no HTTP', async () => {
    const answer = await sendRaw(door, 'NONSENSE\r\n\r\n');
    expect(answer).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
  });

  it('refuses headers that are too large', async () => {
    const answer = await sendRaw(door, `GET / HTTP/1.1\r\nHost: x\r\nX-Long: ${'x'.repeat(20_000)}\r\n\r\n`);
    expect(answer).toMatch(/^HTTP\/1\.1 431 /);
  });
});

describe.each(doors)('the log behind %s', (name) => {
  it('has a line per request, with its trace, and nothing that names a person', async () => {
    const door = await openSample(name);
    const traceparent = `00-${traceId}-00f067aa0ba902b7-01`;
    const headers = { ...json, authorization: 'Bearer ada', cookie: 'session=secret', traceparent };
    await call(door, 'POST', '/fr/notes', { headers, body: { ...note, text: 'log' } });
    await call(door, 'GET', `/fr/notes/${known.id}?limit=33`, { headers });
    await call(door, 'POST', '/fr/notes', { headers, body: { ...note, text: 'break' } });
    await door.stop();

    const lines = door
      .output()
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line));
    const answered = lines.filter(({ msg }) => msg === 'request answered');
    expect(answered).toMatchObject([
      { function: 'notes', level: 'info', method: 'POST', route: '/:country/notes', status: 201, traceId },
      { method: 'GET', route: '/:country/notes/:id', status: 200, durationMs: expect.any(Number), traceId },
      { method: 'POST', status: 500, traceId },
    ]);
    expect(lines.find(({ msg }) => msg === 'noted')).toMatchObject({
      traceId,
      spanId: answered[0].spanId,
      email: '[redacted]',
      patient: { name: '[redacted]' },
    });
    expect(lines.find(({ level }) => level === 'error')).toMatchObject({ err: { type: 'TypeError' }, traceId });
    expect(door.output()).not.toMatch(/Bearer|secret|ada@|limit=33|call back|2026-03-01/);
    expect(door.output()).not.toContain(known.id);
  });
});
