import { createHash, randomBytes } from 'node:crypto';

import * as fc from 'fast-check';
import { SignJWT } from 'jose';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';

import { AppError } from '../../../shared/errors.ts';
import type { TokenVerifierOptions } from '../../../shared/identity/verify-token.ts';
import { createTokenVerifier } from '../../../shared/identity/verify-token.ts';
import type { SigningKey, TokenParts } from './issuer.ts';
import { mapCache, newKey, sign, startIssuer } from './issuer.ts';

const start = Temporal.Instant.from('2026-03-01T10:00:00Z');

type Issuer = Awaited<ReturnType<typeof startIssuer>>;

let key: SigningKey;
let issuer: Issuer;

beforeAll(async () => {
  key = await newKey('key-1');
});

async function verifierOf(given: Partial<TokenVerifierOptions> = {}, ...keys: SigningKey[]) {
  issuer = await startIssuer(...(keys.length > 0 ? keys : [key]));
  const { issuer: name, jwksUrl } = issuer;
  return createTokenVerifier({ issuer: name, audience: 'careflow', jwksUrl, now: () => start, ...given });
}

const bearer = async (signer: SigningKey, parts: Partial<TokenParts> = {}) =>
  `Bearer ${await sign(signer, { issuedAt: start, ...parts })}`;

const sessionless = (roles: unknown) => bearer(key, { claims: { roles, sid: undefined } });

async function refusal(answer: Promise<unknown>): Promise<AppError> {
  const error: unknown = await answer.then(
    () => new Error('was accepted'),
    (reason: unknown) => reason,
  );
  if (error instanceof AppError) return error;
  throw error;
}

afterEach(() => issuer.stop());

describe('a good access token', () => {
  it('names the subject, roles, scopes and country', async () => {
    const verify = await verifierOf();
    const claims = { roles: ['patient', 'wizard'], scope: 'bookings:read bookings:write', country: 'fr' };
    expect(await verify(await bearer(key, { claims }))).toEqual({
      subject: 'subject-1',
      roles: ['patient'],
      scopes: ['bookings:read', 'bookings:write'],
      country: 'fr',
      session: expect.any(Buffer),
    });
  });

  it('names its session by the hash of a reference', async () => {
    const verify = await verifierOf();
    const sid = randomBytes(16).toString('base64url');
    const { session } = await verify(await bearer(key, { claims: { sid } }));
    expect(session).toEqual(createHash('sha256').update(sid).digest());
  });

  it.each([[['system']], [['system', 'wizard']]])('of a machine, as %j is, needs no session', async (roles) => {
    const verify = await verifierOf();
    const caller = await verify(await bearer(key, { claims: { roles, sid: undefined } }));
    expect(caller.roles).toEqual(['system']);
    expect(caller).not.toHaveProperty('session');
  });

  it.each(['ES256', 'RS256', 'EdDSA'])('may be signed with %s', async (alg) => {
    const signer = await newKey('other', alg);
    const verify = await verifierOf({}, signer);
    await expect(verify(await bearer(signer))).resolves.toMatchObject({ subject: 'subject-1' });
  });

  it.each(['JWT', 'application/at+jwt', 'AT+JWT'])('may be of type %s', async (typ) => {
    const verify = await verifierOf();
    await expect(verify(await bearer(key, { header: { typ } }))).resolves.toMatchObject({ country: undefined });
  });

  it('without roles or scopes has none', async () => {
    const verify = await verifierOf();
    await expect(verify(await bearer(key))).resolves.toMatchObject({ roles: [], scopes: [] });
  });

  it('is believed for the clock tolerance beyond its end, remembered or not, and no longer', async () => {
    let now = start;
    const verify = await verifierOf({ now: () => now });
    const token = await bearer(key, { expiresIn: 60 });
    await verify(token);
    now = start.add({ seconds: 74 });
    await verify(token);
    await verify(await bearer(key, { expiresIn: 60, claims: { jti: 'unseen' } }));
    now = start.add({ seconds: 75 });
    expect((await refusal(verify(token))).details).toEqual({ reason: 'expired' });
  });
});

describe('a bad access token', () => {
  const bad: Record<string, [reason: string, (other: SigningKey) => Promise<string> | string]> = {
    'that is empty': ['missing', () => ''],
    'of another scheme': ['malformed', () => 'Basic dXNlcjpzZWNyZXQ='],
    'that is garbage': ['malformed', () => 'Bearer a.b.c'],
    'that is huge': ['malformed', () => `Bearer ${'a'.repeat(1_000_000)}`],
    'that is unsigned': ['not-verified', () => `Bearer ${unsigned()}`],
    'whose signature was cut': ['not-verified', async () => `${(await bearer(key)).slice(0, -8)}AAAAAAAA`],
    'whose claims were changed': ['not-verified', async () => tampered(await bearer(key))],
    'of a key nobody published': ['not-verified', (other) => bearer(other)],
    'of another key under a published id': ['not-verified', (other) => bearer(other, { header: { kid: 'key-1' } })],
    'that is expired': ['expired', () => bearer(key, { issuedAt: start.subtract({ hours: 1 }) })],
    'that is not yet valid': ['not-yet-valid', () => bearer(key, { claims: { nbf: epochSeconds() + 60 } })],
    'for another audience': ['wrong-claims', () => bearer(key, { claims: { aud: 'elsewhere' } })],
    'of another issuer': ['wrong-claims', () => bearer(key, { claims: { iss: 'https://elsewhere.example' } })],
    'of another type': ['wrong-claims', () => bearer(key, { header: { typ: 'logout+jwt' } })],
    'without a subject': ['wrong-claims', () => bearer(key, { claims: { sub: undefined } })],
    'without an end': ['wrong-claims', () => bearer(key, { claims: { exp: undefined } })],
    'bound to a country that is none': ['wrong-claims', () => bearer(key, { claims: { country: 'FRA' } })],
    'of a person without a session': ['no-session', () => sessionless(['admin'])],
    'of a machine and person without a session': ['no-session', () => sessionless(['system', 'patient'])],
    'of no role and no session': ['no-session', () => sessionless([])],
    'whose role is no list, without a session': ['no-session', () => sessionless('system')],
  };

  it.each(Object.entries(bad))('%s is refused', async (_name, [reason, make]) => {
    const verify = await verifierOf();
    const error = await refusal(verify(await make(await newKey('key-2'))));
    expect([error.code, error.details]).toEqual(['unauthenticated', { reason }]);
  });

  it('signed with the public key as a shared secret is refused', async () => {
    const verify = await verifierOf();
    const secret = new TextEncoder().encode(JSON.stringify(key.jwk));
    const token = await new SignJWT({ iss: issuer.issuer, aud: 'careflow', sub: 'x', exp: epochSeconds() + 60 })
      .setProtectedHeader({ alg: 'HS256', kid: 'key-1', typ: 'at+jwt' })
      .sign(secret);
    expect((await refusal(verify(`Bearer ${token}`))).code).toBe('unauthenticated');
  });

  it('of any other shape is refused as well', async () => {
    const verify = await verifierOf({ keyCooldownMs: 60_000 });
    const part = fc.oneof(fc.base64String(), fc.json().map(base64url), fc.constant(''));
    const header = fc.record({ alg: fc.anything(), kid: fc.anything(), typ: fc.anything(), crit: fc.anything() });
    const first = fc.oneof(
      part,
      header.map((value) => base64url(JSON.stringify(value, bigintsAsText))),
    );
    const token = fc.oneof(
      fc.string(),
      fc.tuple(first, part, part).map((parts) => `Bearer ${parts.join('.')}`),
    );
    await fc.assert(
      fc.asyncProperty(token, async (value) => {
        expect((await refusal(verify(value))).code).toBe('unauthenticated');
      }),
      { numRuns: 500 },
    );
  });
});

describe('the signing keys', () => {
  it('are fetched once for many tokens at once', async () => {
    const verify = await verifierOf();
    const tokens = await Promise.all(
      Array.from({ length: 20 }, (_, jti) => bearer(key, { claims: { jti: `${jti}` } })),
    );
    await Promise.all(tokens.map(verify));
    expect(issuer.fetches()).toBe(1);
  });

  it('are fetched again for a key id that is new', async () => {
    const verify = await verifierOf({ keyCooldownMs: 0 });
    await verify(await bearer(key));
    const next = await newKey('key-2');
    issuer.publish(next);
    await expect(verify(await bearer(next))).resolves.toMatchObject({ subject: 'subject-1' });
  });

  it('are not fetched for each unknown key id', async () => {
    const verify = await verifierOf({ keyCooldownMs: 60_000 });
    await verify(await bearer(key));
    const unknown = await newKey('key-2');
    for (let times = 0; times < 5; times += 1) await refusal(verify(await bearer(unknown)));
    expect(issuer.fetches()).toBe(1);
  });

  it('that were withdrawn stop serving at the age limit, even for a token seen before', async () => {
    let now = start;
    const verify = await verifierOf({ now: () => now, keyMaxAgeMs: 1 });
    const token = await bearer(key);
    await verify(token);
    issuer.publish(await newKey('key-2'));
    now = start.add({ seconds: 1 });
    await expect.poll(async () => (await refusal(verify(token))).code).toBe('unauthenticated');
  });

  it('serve on while the provider is down', async () => {
    const verify = await verifierOf({ keyMaxAgeMs: 0 });
    await verify(await bearer(key, { claims: { jti: 'before' } }));
    await issuer.stop();
    await expect(verify(await bearer(key, { claims: { jti: 'after' } }))).resolves.toMatchObject({ roles: [] });
  });

  it('serve on while the provider answers nonsense', async () => {
    const verify = await verifierOf({ keyMaxAgeMs: 0 });
    await verify(await bearer(key, { claims: { jti: 'before' } }));
    issuer.answerWith('<html>');
    await expect(verify(await bearer(key, { claims: { jti: 'after' } }))).resolves.toMatchObject({ roles: [] });
  });

  it('come from the cache in a process that starts while the provider is down', async () => {
    const cache = mapCache();
    const verify = await verifierOf({ cache });
    await verify(await bearer(key));
    await issuer.stop();
    const { issuer: name, jwksUrl } = issuer;
    const another = createTokenVerifier({ issuer: name, audience: 'careflow', jwksUrl, cache, now: () => start });
    await expect(another(await bearer(key))).resolves.toMatchObject({ subject: 'subject-1' });
  });

  it('that are nowhere to be had make it unavailable, until they are', async () => {
    const verify = await verifierOf();
    await issuer.stop();
    expect((await refusal(verify(await bearer(key)))).code).toBe('unavailable');
    await issuer.start();
    await expect(verify(await bearer(key))).resolves.toMatchObject({ subject: 'subject-1' });
  });

  it.each([
    ['fails', { get: () => Promise.reject(new Error('down')), set: () => Promise.reject(new Error('down')) }],
    ['hangs', { get: () => new Promise<string>(() => {}), set: () => new Promise<void>(() => {}) }],
    ['holds nonsense', { get: () => Promise.resolve('{"jwks":{"keys":[1]}'), set: () => Promise.resolve() }],
  ])('come from the provider where the cache %s', async (_how, cache) => {
    const verify = await verifierOf({ cache });
    await expect(verify(await bearer(key))).resolves.toMatchObject({ subject: 'subject-1' });
  });
});

function epochSeconds(): number {
  return start.epochMilliseconds / 1000;
}

function base64url(text: string): string {
  return Buffer.from(text).toString('base64url');
}

function bigintsAsText(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value;
}

function unsigned(): string {
  const claims = { iss: 'https://issuer.example', aud: 'careflow', sub: 'x', exp: epochSeconds() + 600 };
  return `${base64url('{"alg":"none","typ":"at+jwt"}')}.${base64url(JSON.stringify(claims))}.`;
}

function tampered(token: string): string {
  const [header, payload, signature] = token.split('.');
  const claims: unknown = JSON.parse(Buffer.from(payload ?? '', 'base64url').toString());
  return [header, base64url(JSON.stringify(Object.assign({}, claims, { sub: 'other' }))), signature].join('.');
}
