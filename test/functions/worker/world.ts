import { randomBytes, randomUUID } from 'node:crypto';

import { Redis } from 'ioredis';
import { pino } from 'pino';

import type { Deps } from '../../../functions/worker/deps.ts';
import { routesOf } from '../../../functions/worker/routes.ts';
import { subscriptionsOf } from '../../../functions/worker/subscriptions.ts';
import { openSeals } from '../../../functions/seals.ts';
import type { AnyEvent } from '../../../schemas/events/contract.ts';
import { connectDatabase, type Database } from '../../../shared/db/client.ts';
import { savedAnswers } from '../../../shared/db/idempotency-keys.ts';
import { workerIdempotencyKeys } from '../../../shared/db/schema/worker.ts';
import { subjectContexts, type SubjectDatabases } from '../../../shared/db/subject-data/contexts.ts';
import type { Caller, Role } from '../../../shared/domain/caller.ts';
import { openRetention } from '../../../shared/identity/retention.ts';
import { openRedis } from '../../../shared/redis/client.ts';
import { createRateLimit } from '../../../shared/redis/rate-limit.ts';
import { buildServer } from '../../../shared/runtime/server.ts';
import { newRetentionKey } from '../../shared/identity/retention-key.ts';
import { connectAdmin } from '../../support/practices.ts';
import { createDatabase } from '../../support/services/database.ts';
import { createRedisDatabase } from '../../support/services/redis-database.ts';
import { requestOf } from '../event-request.ts';

export const NOON = Temporal.Instant.from('2031-03-03T12:00:00Z');

type Sent = { readonly channel: 'email' | 'sms'; readonly to: string; readonly text: string; readonly key: string };

/** Providers that take everything and remember it. */
export function mailbox() {
  const sent: Sent[] = [];
  const take = (message: Sent) => ({ providerMessageId: `m-${sent.push(message)}` });
  const providers: Pick<Deps, 'sendEmail' | 'sendSms'> = {
    sendEmail: async ({ to, text, idempotencyKey: key }) => take({ channel: 'email', to, text, key }),
    sendSms: async ({ to, text, idempotencyKey: key }) => take({ channel: 'sms', to, text, key }),
  };
  return { sent, ...providers };
}

export type World = Awaited<ReturnType<typeof openWorld>>;

/** The function over a database and a Redis of its own; the clock stands still until it is set. */
export async function openWorld() {
  const [database, redisUrl, retention] = await Promise.all([
    createDatabase(),
    createRedisDatabase(),
    newRetentionKey(),
  ]);
  const admin = connectAdmin(database.url);
  const redis = new Redis(redisUrl);
  const box = mailbox();
  const clock = { now: NOON };
  const secret = randomBytes(32);
  const seals = openSeals(secret);
  const closers: (() => Promise<unknown>)[] = [];

  function connect(role: string): Database {
    const db = connectDatabase(database.urlFor(`careflow_${role}`), { applicationName: 'worker', maxConnections: 4 });
    closers.push(() => db.$client.end());
    return db;
  }
  const contexts = Object.fromEntries(subjectContexts.map((context) => [context, connect(context)]));
  const deps: Deps = {
    db: contexts['worker'] ?? connect('worker'),
    // A database for each of the names.
    contexts: contexts as SubjectDatabases,
    practitioners: connect('practitioner'),
    patients: connect('patient_reader'),
    answers: savedAnswers(workerIdempotencyKeys),
    redis: openRedis(redisUrl),
    seals,
    sealRetained: openRetention(JSON.parse(retention.publicKey)),
    publish: () => undefined,
    ...box,
    emailFrom: 'no-reply@careflow.example',
    exportDays: 7,
    now: () => clock.now,
  };
  closers.push(async () => deps.redis.disconnect());

  /** Another process of the function; what is given takes the place of what it would be lent. */
  function startFunction(lent: Partial<Deps> = {}) {
    const own = { ...deps, ...lent };
    const app = buildServer(
      {
        name: 'worker',
        routes: routesOf(own),
        subscriptions: subscriptionsOf(own),
        authenticate: async (authorization) => callerOf(authorization),
        limit: createRateLimit(own.redis, { perSubject: 10_000, perAddress: 100_000 }),
        findAnswer: (claim) => own.answers.find(own.db, claim),
        dependencies: {},
        close: async () => undefined,
      },
      { log: pino({ level: 'silent' }) },
    );
    closers.unshift(() => app.close());
    return {
      /** Resolves to the address at which it takes requests from outside this process. */
      listen: () => app.listen({ host: '127.0.0.1', port: 0 }),
      /** What a KafkaSource does once. @returns the status of the answer. */
      deliver: async (event: AnyEvent): Promise<number> => (await app.inject(requestOf(event))).statusCode,
      async ask(method: 'GET' | 'POST', url: string, as: Bearer, headers: Readonly<Record<string, string>> = {}) {
        const authorization = JSON.stringify(as);
        const answer = await app.inject({ method, url, headers: { authorization, ...headers } });
        const body: unknown = answer.payload === '' ? undefined : answer.json();
        return { status: answer.statusCode, headers: answer.headers, body: asObject(body) };
      },
    };
  }

  async function rows<Row extends Record<string, unknown>>(query: string, values: unknown[] = []): Promise<Row[]> {
    return (await admin.$client.query<Row>(query, values)).rows;
  }

  const own = startFunction();

  return {
    admin,
    redis,
    redisUrl,
    database,
    deps,
    clock,
    seals,
    secret,
    retention,
    sent: box.sent,
    ...own,
    startFunction,
    rows,
    /** The events of the worker's outbox that nobody has taken yet. */
    takeEvents: async (): Promise<AnyEvent[]> =>
      (
        await rows<{ event: AnyEvent }>(
          'UPDATE worker.outbox SET sent_at = now() WHERE sent_at IS NULL RETURNING event',
        )
      ).map(({ event }) => event),
    /** Delivers an erasure, and again when what was on its way has come. @returns the statuses of the answers. */
    async erase(event: AnyEvent, deliver = own.deliver): Promise<number[]> {
      const first = await deliver(event);
      clock.now = clock.now.add({ seconds: 70 });
      return [first, await deliver(event)];
    },
    sealFor: (patientId: string, content: unknown) => seals.sealFor(deps.patients, patientId, content),
    async close() {
      for (const close of closers) await close();
      redis.disconnect();
      await admin.$client.end();
      await database.drop();
    },
  };
}

export type Bearer = { readonly role: Role; readonly subject: string };

/** The header of a test names the caller. */
function callerOf(authorization: string | undefined): Caller {
  const { role, subject }: Bearer = JSON.parse(authorization ?? '{}');
  return { subject, roles: [role], scopes: ['patients:read', 'patients:write'], country: undefined };
}

function asObject(body: unknown): Readonly<Record<string, unknown>> {
  return typeof body === 'object' && body !== null ? { ...body } : {};
}

/** An event of the topic `jobs`. */
export function jobEvent(type: string, data: object, source = '/careflow/anybody'): AnyEvent {
  const deadline = NOON.add({ hours: 1 }).toString();
  const job = { idempotencyKey: randomUUID(), deadline, ...data };
  return { specversion: '1.0', id: randomUUID(), source, type, time: NOON.toString(), data: job };
}
