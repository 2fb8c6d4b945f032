import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { decodeProtectedHeader } from 'jose';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';

import type { Identity } from '../../../infra/local/oidc/sample-access.ts';
import { samplePassword } from '../../../infra/local/oidc/sample-access.ts';
import { requestToken } from '../../../infra/local/oidc/request-token.ts';
import type { RunningOidc } from '../../../infra/local/oidc/start.ts';
import { startOidc } from '../../../infra/local/oidc/start.ts';
import { createTokenVerifier } from '../../../shared/identity/verify-token.ts';

const issuer = 'http://localhost:8080/oidc';
const users: Record<string, Identity> = { 'patient-1': { subject: 'patient-1', role: 'patient', country: 'fr' } };

let dir: string;
let oidc: RunningOidc;

const start = () => startOidc({ dir, port: 0, issuer, findUser: (name) => Promise.resolve(users[name]) });
const verifier = () => createTokenVerifier({ issuer, audience: 'careflow', jwksUrl: oidc.jwksUrl });

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'oidc-'));
  oidc = await start();
});

afterEach(async () => {
  await oidc.stop();
  await rm(dir, { recursive: true });
});

const Granted = z.object({
  access_token: z.string(),
  token_type: z.literal('Bearer'),
  expires_in: z.number(),
  scope: z.string(),
});

async function post(form: Record<string, string>, headers: Record<string, string> = {}) {
  const response = await fetch(`${oidc.url}/token`, { method: 'POST', headers, body: new URLSearchParams(form) });
  const body: unknown = await response.json();
  return { status: response.status, body };
}

async function granted(form: Record<string, string>, headers: Record<string, string> = {}) {
  const { body } = await post(form, headers);
  return Granted.parse(body);
}

async function sessionOf(token: string): Promise<string | undefined> {
  return (await verifier()(`Bearer ${token}`)).session?.toString('hex');
}

function grantOf(id: string): Record<string, string> {
  return { grant_type: 'client_credentials', client_id: id, client_secret: samplePassword };
}

const passwordGrant = { grant_type: 'password', client_id: 'app', username: 'patient-1', password: samplePassword };

describe('a client', () => {
  it.each(['system', 'admin'])('%s gets a token for itself, of every country', async (id) => {
    const { access_token } = await granted(grantOf(id));
    expect(await verifier()(`Bearer ${access_token}`)).toMatchObject({ subject: id, roles: [id], country: undefined });
  });

  it('of an office in a country is bound to it, and may send its secret in the header', async () => {
    const authorization = `Basic ${Buffer.from(`staff-de:${samplePassword}`).toString('base64')}`;
    const { access_token } = await granted({ grant_type: 'client_credentials' }, { authorization });
    expect(await verifier()(`Bearer ${access_token}`)).toMatchObject({ roles: ['staff'], country: 'de' });
  });

  it.each(['admin', 'staff-fr'])('%s, behind which people are, begins a session with each sign-in', async (id) => {
    const [one, other] = [await granted(grantOf(id)), await granted(grantOf(id))];
    const sessions = [await sessionOf(one.access_token), await sessionOf(other.access_token)];
    expect(new Set([...sessions, undefined]).size).toBe(3);
  });

  it('with a wrong secret gets none', async () => {
    const answer = await post({ grant_type: 'client_credentials', client_id: 'admin', client_secret: 'guess' });
    expect(answer).toMatchObject({ status: 401, body: { error: 'invalid_client' } });
  });

  it('gets none by a grant that is not its own', async () => {
    const answer = await post({ ...passwordGrant, client_id: 'admin', client_secret: samplePassword });
    expect(answer).toMatchObject({ status: 400, body: { error: 'invalid_request' } });
  });
});

describe('a sample user', () => {
  it('gets a signed access token with every scope of the role', async () => {
    const { access_token, scope, expires_in } = await granted(passwordGrant);
    expect(decodeProtectedHeader(access_token)).toMatchObject({ alg: 'ES256', typ: 'at+jwt' });
    expect(expires_in).toBe(3600);
    expect(await verifier()(`Bearer ${access_token}`)).toEqual({
      subject: 'patient-1',
      roles: ['patient'],
      scopes: scope.split(' '),
      country: 'fr',
      session: expect.any(Buffer),
    });
  });

  it('begins a session with each sign-in, unlike who acts for a machine', async () => {
    const [one, other] = [await granted(passwordGrant), await granted(passwordGrant)];
    const sessions = [await sessionOf(one.access_token), await sessionOf(other.access_token)];
    expect(new Set([...sessions, undefined]).size).toBe(3);
    const machine = await granted(grantOf('system'));
    expect(await sessionOf(machine.access_token)).toBeUndefined();
  });

  it('gets no scope but those asked for', async () => {
    expect((await granted({ ...passwordGrant, scope: 'bookings:read admin:write' })).scope).toBe('bookings:read');
  });

  it.each([
    ['wrong password', { password: 'guess' }, 'invalid_grant'],
    ['unknown name', { username: 'nobody' }, 'invalid_grant'],
    ['empty name', { username: '' }, 'invalid_request'],
  ])('with a %s gets none', async (_what, changed, error) => {
    expect(await post({ ...passwordGrant, ...changed })).toMatchObject({ status: 400, body: { error } });
  });
});

describe('the sample grant', () => {
  it('gives a token of any subject, role and country', async () => {
    const token = await requestToken(oidc.url, { subject: 'anyone', role: 'practitioner', country: 'de' });
    expect(await verifier()(`Bearer ${token}`)).toMatchObject({
      subject: 'anyone',
      roles: ['practitioner'],
      country: 'de',
    });
  });

  it('begins a session with each token of a person, and none with those of machines', async () => {
    const ask = async (role: string) => sessionOf(await requestToken(oidc.url, { subject: 'anyone', role }));
    expect(new Set([await ask('patient'), await ask('patient'), await ask('admin'), undefined]).size).toBe(4);
    expect(await ask('system')).toBeUndefined();
  });

  it('tells what is wrong with a request', async () => {
    await expect(requestToken(oidc.url, { subject: 'x', role: 'wizard' })).rejects.toThrow(/patient/);
    await expect(requestToken(oidc.url, { subject: 'x', role: 'staff', country: 'France' })).rejects.toThrow(/country/);
  });
});

describe('the provider', () => {
  it('keeps its key, so that tokens outlive a restart, and keeps it to itself', async () => {
    const token = await requestToken(oidc.url, { subject: 'x', role: 'admin' });
    await oidc.stop();
    oidc = await start();
    expect(await verifier()(`Bearer ${token}`)).toMatchObject({ subject: 'x' });
    expect((await stat(join(dir, 'signing-key.json'))).mode & 0o077).toBe(0);
  });

  it('publishes no private key', async () => {
    const keys: unknown = await (await fetch(oidc.jwksUrl)).json();
    expect(keys).toEqual({ keys: [expect.not.objectContaining({ d: expect.anything() as unknown })] });
  });

  it('describes itself with the addresses it was reached by', async () => {
    const address = `${oidc.url}/.well-known/openid-configuration`;
    expect(await (await fetch(address)).json()).toMatchObject({ issuer, token_endpoint: `${oidc.url}/token` });
    const forwarded = { 'x-forwarded-host': 'localhost:8080', 'x-forwarded-proto': 'http' };
    expect(await (await fetch(address, { headers: forwarded })).json()).toMatchObject({ jwks_uri: `${issuer}/jwks` });
  });

  it('answers nothing outside its path', async () => {
    expect((await fetch(new URL('/token', oidc.url), { method: 'POST' })).status).toBe(404);
    expect((await fetch(`${oidc.url}x/token`, { method: 'POST' })).status).toBe(404);
  });
});
