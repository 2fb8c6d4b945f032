import { randomUUID } from 'node:crypto';

import { sql } from 'drizzle-orm';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import type { Workload } from '../../../functions/workloads.ts';
import { closeAccount, takeCustomerTurn } from '../../../shared/db/accounts.ts';
import { connectDatabase, type Database } from '../../../shared/db/client.ts';
import type { Role } from '../../../shared/domain/caller.ts';
import { newReference } from '../../shared/identity/issuer.ts';
import { addPatient } from '../../support/practices.ts';
import { until } from '../../support/until.ts';
import { type Proxy, startProxy } from '../booking/proxy.ts';
import { bearer, openFunction, openRealWorld, type OpenedFunction, type RealWorld } from '../real-functions.ts';

type Session = { readonly id: string; readonly isCurrent: boolean; readonly lastUsedAt: string };

let world: RealWorld;
let db: Database;
let patients: Proxy;
let customer: OpenedFunction;
/** Another function, which has nothing to do with sessions but that it takes them. */
let booking: OpenedFunction;
beforeAll(async () => {
  world = await openRealWorld();
  db = connectDatabase(world.environment['DATABASE_URL_PATIENT'] ?? '', { applicationName: 'test' });
  patients = await startProxy(world.environment['DATABASE_URL_PATIENT_READER'] ?? '');
  customer = await open('customer');
  booking = await open('booking');
});
afterEach(() => patients.mend());
afterAll(async () => {
  await Promise.all([customer.close(), booking.close(), db.$client.end()]);
  await patients.close();
  await world.close();
});

function open(name: Workload): Promise<OpenedFunction> {
  return openFunction(world, name, { DATABASE_URL_PATIENT_READER: patients.url });
}

/** A token of a sign-in, as the provider issues it. */
async function signedIn(subject: string, sid = newReference()): Promise<string> {
  return bearer(world, { role: 'patient', subject }, { claims: { sid } });
}

async function list(authorization: string): Promise<Session[]> {
  const answer = await customer.app.inject({ url: '/fr/me/sessions', headers: { authorization } });
  expect(answer.statusCode).toBe(200);
  return answer.json<{ items: Session[] }>().items;
}

async function remove(path: string, authorization: string) {
  return customer.app.inject({ method: 'DELETE', url: path, headers: { authorization } });
}

/** What a function answers somebody with the token: 200, or 401. */
async function statusAt(fn: OpenedFunction, authorization: string, subject: string): Promise<number> {
  if (fn !== customer) return statusOf(fn, authorization, subject);
  return (await fn.app.inject({ url: '/fr/me/sessions', headers: { authorization } })).statusCode;
}

async function statusOf({ app }: OpenedFunction, authorization: string, subject: string): Promise<number> {
  return (await app.inject({ url: `/fr/bookings?patientId=${subject}`, headers: { authorization } })).statusCode;
}

/** How long the token was taken on by both functions, in milliseconds. */
async function takenFor(authorization: string, subject: string): Promise<number> {
  const began = performance.now();
  const refused = async () => {
    const statuses = [
      await statusAt(booking, authorization, subject),
      await statusAt(customer, authorization, subject),
    ];
    return statuses.every((status) => status === 401);
  };
  await until(refused, { what: 'both functions to refuse the session' });
  return performance.now() - began;
}

/** How many are waiting to be told whether a session is live. */
async function countWaiting(): Promise<number> {
  const waiting = sql`SELECT FROM pg_stat_activity
    WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%use_session%'`;
  return (await world.admin.execute(waiting)).rowCount ?? 0;
}

/** Does the work while nobody is told whether any session is live. */
async function whileUnanswered<Result>(work: () => Promise<Result>): Promise<Result> {
  return world.admin.transaction(async (tx) => {
    await tx.execute(sql`LOCK TABLE patient.sessions IN ACCESS EXCLUSIVE MODE`);
    return work();
  });
}

describe('a session', () => {
  it('begins with the first use of its tokens, wherever that is, and keeps its reference to itself', async () => {
    const subject = await addPatient(world.admin);
    const sid = newReference();
    const token = await signedIn(subject, sid);
    expect(await statusAt(booking, token, subject)).toBe(200);
    expect(await list(token)).toMatchObject([{ isCurrent: true }]);
    const again = await signedIn(subject, sid);
    expect(await list(again)).toHaveLength(1);
    const { rows } = await world.admin.execute<{ row: string }>(
      sql`SELECT s::text AS row FROM patient.sessions s WHERE subject = ${subject}`,
    );
    expect(rows).toHaveLength(1);
    expect(rows[0]?.row).not.toContain(sid);
    expect(`${JSON.stringify(await list(token))}${customer.logged().join('')}`).not.toContain(sid);
  });

  it('begins once, however many requests are its first', async () => {
    const subject = await addPatient(world.admin);
    const token = await signedIn(subject);
    const asked = Array.from({ length: 8 }, (_, index) => statusAt(index % 2 ? booking : customer, token, subject));
    expect(new Set(await Promise.all(asked))).toEqual(new Set([200]));
    expect(await list(token)).toHaveLength(1);
  });

  it('lists those of its own subject only, and which is which', async () => {
    const [subject, other] = [await addPatient(world.admin), await addPatient(world.admin)];
    const [here, there, theirs] = [await signedIn(subject), await signedIn(subject), await signedIn(other)];
    for (const token of [here, there, theirs]) await list(token);
    expect((await list(here)).map(({ isCurrent }) => isCurrent)).toEqual([true, false]);
    expect((await list(there)).map(({ isCurrent }) => isCurrent)).toEqual([false, true]);
    expect(await list(theirs)).toHaveLength(1);
  });

  it('that is revoked is refused by every function within a second, and stays so', async () => {
    const subject = await addPatient(world.admin);
    const [here, there] = [await signedIn(subject), await signedIn(subject)];
    expect([await statusAt(booking, there, subject), await statusAt(customer, there, subject)]).toEqual([200, 200]);
    const other = (await list(here)).find(({ isCurrent }) => !isCurrent);
    expect((await remove(`/fr/me/sessions/${other?.id}`, here)).statusCode).toBe(204);
    expect(await takenFor(there, subject)).toBeLessThan(1_000);
    expect((await remove(`/fr/me/sessions/${other?.id}`, here)).statusCode).toBe(204);
    expect(await list(here)).toMatchObject([{ isCurrent: true }]);
    const answer = await booking.app.inject({ url: '/fr/bookings', headers: { authorization: there } });
    expect(answer.headers['www-authenticate']).toContain('error_description="session-over"');
  });

  it('is asked for once, however many requests come before the answer', async () => {
    const [subject, other] = [await addPatient(world.admin), await addPatient(world.admin)];
    const [token, another] = [await signedIn(subject), await signedIn(other)];
    const asked = await whileUnanswered(async () => {
      const answers = Array.from({ length: 30 }, () => statusAt(booking, token, subject));
      await until(async () => (await countWaiting()) > 0, { what: 'the first to wait' });
      expect(await countWaiting()).toBe(1);
      answers.push(statusAt(booking, another, other));
      await until(async () => (await countWaiting()) === 2, { what: 'another session to be asked for beside it' });
      return { answers };
    });
    expect(new Set(await Promise.all(asked.answers))).toEqual(new Set([200]));
  });

  it('is believed from when it was asked for, however long the answer takes', async () => {
    const subject = await addPatient(world.admin);
    const token = await signedIn(subject);
    const asked = await whileUnanswered(async () => {
      const began = performance.now();
      const answer = statusAt(booking, token, subject);
      await until(async () => performance.now() - began > 600, { what: 'the trust in an answer to be over' });
      return { answer };
    });
    expect(await asked.answer).toBe(200);
    const [session] = await list(token);
    expect((await remove(`/fr/me/sessions/${session?.id}`, token)).statusCode).toBe(204);
    expect(await statusAt(booking, token, subject)).toBe(401);
  });

  it('may revoke itself, and all others at once', async () => {
    const subject = await addPatient(world.admin);
    const tokens = await Promise.all([signedIn(subject), signedIn(subject), signedIn(subject)]);
    const [here, one, other] = tokens;
    for (const token of tokens) expect(await statusAt(booking, token, subject)).toBe(200);
    const answer = await remove('/fr/me/sessions', here);
    expect([answer.statusCode, answer.json()]).toEqual([200, { revoked: 2 }]);
    expect(await takenFor(one, subject)).toBeLessThan(1_000);
    expect(await takenFor(other, subject)).toBeLessThan(1_000);
    const [self] = await list(here);
    expect((await remove(`/fr/me/sessions/${self?.id}`, here)).statusCode).toBe(204);
    expect(await takenFor(here, subject)).toBeLessThan(1_000);
  });

  it('is its subject’s, however their id is written', async () => {
    const subject = await addPatient(world.admin);
    const [small, large] = [await signedIn(subject), await signedIn(subject.toUpperCase())];
    await list(large);
    expect(await list(small)).toHaveLength(2);
    expect((await remove('/fr/me/sessions', small)).json()).toEqual({ revoked: 1 });
    expect(await takenFor(large, subject)).toBeLessThan(1_000);
  });

  it('of another is not there to be revoked', async () => {
    const [subject, other] = [await addPatient(world.admin), await addPatient(world.admin)];
    const [mine, theirs] = [await signedIn(subject), await signedIn(other)];
    const [session] = await list(theirs);
    for (const id of [session?.id, randomUUID()]) {
      expect((await remove(`/fr/me/sessions/${id}`, mine)).statusCode).toBe(404);
    }
    expect(await list(theirs)).toHaveLength(1);
  });

  it.each([
    ['an hour without use', `last_used_at = now() - interval '60 minutes'`, 401],
    ['a use less than an hour ago', `last_used_at = now() - interval '59 minutes'`, 200],
    ['a day, however it is used', `expires_at = now()`, 401],
  ])('after %s is answered as it should', async (_, change, expected) => {
    const subject = await addPatient(world.admin);
    const token = await signedIn(subject);
    await list(token);
    await world.admin.execute(sql`UPDATE patient.sessions SET ${sql.raw(change)} WHERE subject = ${subject}`);
    const settled = async () => (await statusAt(booking, token, subject)) === expected;
    await until(settled, { what: `a status of ${expected}` });
    expect(await statusAt(booking, await signedIn(subject), subject)).toBe(200);
  });

  it('lasts a day at the longest, and notes its use', async () => {
    const subject = await addPatient(world.admin);
    const token = await signedIn(subject);
    await list(token);
    await world.admin.execute(
      sql`UPDATE patient.sessions SET last_used_at = now() - interval '30 minutes' WHERE subject = ${subject}`,
    );
    const used = async () =>
      (await list(token)).every(({ lastUsedAt }) => Date.now() - Date.parse(lastUsedAt) < 60_000);
    await until(used, { what: 'the use to be noted' });
    const { rows } = await world.admin.execute<{ seconds: number }>(
      sql`SELECT extract(epoch FROM expires_at - started_at)::int AS seconds FROM patient.sessions WHERE subject = ${subject}`,
    );
    expect(rows).toEqual([{ seconds: 86_400 }]);
  });

  it('is nobody else’s, though its tokens are good', async () => {
    const [subject, thief] = [await addPatient(world.admin), await addPatient(world.admin)];
    const sid = newReference();
    expect(await statusAt(booking, await signedIn(subject, sid), subject)).toBe(200);
    expect(await statusAt(booking, await signedIn(thief, sid), thief)).toBe(401);
    expect(await statusAt(booking, await signedIn(subject, sid), subject)).toBe(200);
  });

  it.each([
    ['too short', 'x'.repeat(21)],
    ['no text', 7],
    ['of odd characters', `${'x'.repeat(30)} `],
  ])('with a reference that is %s opens no door', async (_, sid) => {
    const subject = await addPatient(world.admin);
    const token = await bearer(world, { role: 'patient', subject }, { claims: { sid } });
    expect(await statusAt(booking, token, subject)).toBe(401);
  });
});

it('an account that is closed signs out everywhere, and nobody signs in to it again', async () => {
  const subject = await addPatient(world.admin);
  const token = await signedIn(subject);
  expect(await statusAt(booking, token, subject)).toBe(200);
  const closing = { patientId: subject, country: 'fr', now: Temporal.Now.instant() };
  const closed = await db.transaction((tx) => closeAccount(tx, closing));
  expect(closed).toMatchObject({ status: 'erased', version: 1 });
  expect(await takenFor(token, subject)).toBeLessThan(1_000);
  expect(await statusAt(booking, await signedIn(subject), subject)).toBe(401);
  expect(await db.transaction((tx) => closeAccount(tx, closing))).toEqual(closed);
});

it('an account that is just being closed lets nobody in who signs in meanwhile', async () => {
  const subject = await addPatient(world.admin);
  const token = await signedIn(subject);
  const closing = { patientId: subject, country: 'fr', now: Temporal.Now.instant() };
  const [stranger, sid] = [await addPatient(world.admin), newReference()];
  const other = await signedIn(stranger, sid);
  await db.transaction(async (tx) => {
    await closeAccount(tx, closing);
    const statuses = [statusAt(booking, token, subject), statusAt(booking, other, stranger)];
    expect(await Promise.all(statuses)).toEqual([503, 200]);
  });
  await until(async () => (await statusAt(booking, token, subject)) === 401, { what: 'the account to be closed' });
});

it('an account that is written to otherwise lets its owner sign in meanwhile', async () => {
  const subject = await addPatient(world.admin);
  const token = await signedIn(subject);
  await db.transaction(async (tx) => {
    await takeCustomerTurn(tx, subject);
    expect(await statusAt(booking, token, subject)).toBe(200);
  });
});

it('sessions that many processes begin at once, in any order, are begun once each', async () => {
  const people = await Promise.all(Array.from({ length: 12 }, () => addPatient(world.admin)));
  const tokens = await Promise.all(people.map(async (subject) => ({ subject, token: await signedIn(subject) })));
  const others = await Promise.all([open('booking'), open('booking')]);
  const asked = [booking, ...others].flatMap((fn, turn) =>
    (turn === 1 ? tokens.toReversed() : tokens).map(({ token, subject }) => statusOf(fn, token, subject)),
  );
  expect(new Set(await Promise.all(asked))).toEqual(new Set([200]));
  for (const { token, subject } of tokens) expect(await statusAt(customer, token, subject)).toBe(200);
  const { rows } = await world.admin.execute(
    sql`SELECT count(*)::int AS count FROM patient.sessions WHERE subject = ANY (${sql.param(people)})`,
  );
  expect(rows).toEqual([{ count: people.length }]);
  await Promise.all(others.map((each) => each.close()));
});

describe('a token that names no session', () => {
  const without = (role: Role, subject: string, roles: readonly Role[] = [role]) =>
    bearer(world, { role, subject }, { claims: { roles, sid: undefined } });

  it.each(['patient', 'practitioner', 'staff', 'admin'] as const)('is not taken of %s', async (role) => {
    const subject = await addPatient(world.admin);
    const authorization = await without(role, subject);
    for (const { app } of [booking, customer]) {
      const url = app === booking.app ? `/fr/bookings?patientId=${subject}` : '/fr/orders';
      const { statusCode, headers, payload } = await app.inject({ url, headers: { authorization } });
      expect([statusCode, JSON.parse(payload)]).toMatchObject([401, { reason: 'no-session' }]);
      expect(headers['www-authenticate']).toContain('error="invalid_token", error_description="no-session"');
    }
  });

  it('is not taken of a machine that is somebody besides', async () => {
    const subject = await addPatient(world.admin);
    for (const roles of [['system', 'patient'], ['admin', 'system'], []] as const) {
      const token = await without('system', subject, roles);
      expect([await statusAt(booking, token, subject), await statusAt(customer, token, subject)]).toEqual([401, 401]);
    }
  });

  it('is taken of a machine', async () => {
    const subject = await addPatient(world.admin);
    const authorization = await without('system', 'lis');
    const headers = { authorization };
    expect(await statusAt(booking, authorization, subject)).toBe(200);
    expect((await customer.app.inject({ url: `/fr/orders?patientId=${subject}`, headers })).statusCode).toBe(200);
  });
});

describe('while the patients’ database is away', () => {
  it('a function takes no token of a session, says when to come back, and takes it then', async () => {
    const subject = await addPatient(world.admin);
    const [token, machine] = [await signedIn(subject), await bearer(world, { role: 'system', subject: 'system' })];
    await patients.cut();
    const refused = await booking.app.inject({ url: '/fr/bookings', headers: { authorization: token } });
    expect([refused.statusCode, refused.headers['retry-after']]).toEqual([503, '5']);
    expect((await booking.app.inject({ url: '/fr/bookings', headers: { authorization: machine } })).statusCode).toBe(
      200,
    );
    await patients.mend();
    expect(await statusAt(booking, token, subject)).toBe(200);
  });
});
