import { randomBytes } from 'node:crypto';

import type { FastifyInstance } from 'fastify';

import { loadWorkload, type Workload } from '../../functions/workloads.ts';
import type { Database } from '../../shared/db/client.ts';
import type { Role } from '../../shared/domain/caller.ts';
import { createLog } from '../../shared/runtime/log.ts';
import { buildServer } from '../../shared/runtime/server.ts';
import { newKey, sign, type SigningKey, startIssuer, type TokenParts } from '../shared/identity/issuer.ts';
import { newRetentionKey } from '../shared/identity/retention-key.ts';
import { openMailbox } from '../shared/notify/mailbox.ts';
import { connectAdmin } from '../support/practices.ts';
import { createDatabase, type TestDatabase } from '../support/services/database.ts';
import { createRedisDatabase } from '../support/services/redis-database.ts';

/** What the functions need, all of it real; events go to the embedded log. */
export type RealWorld = {
  readonly admin: Database;
  /** The whole environment: each function reads what it needs of it. */
  readonly environment: Readonly<Record<string, string>>;
  /** The provider's signing key, which its JWKS endpoint publishes. */
  readonly key: SigningKey;
  close(): Promise<void>;
};

export type OpenedFunction = {
  readonly app: FastifyInstance;
  /** Every line it logged so far, debug lines among them. */
  readonly logged: () => readonly string[];
  close(): Promise<void>;
};

export async function openRealWorld(): Promise<RealWorld> {
  const [database, redisUrl, key, mailbox] = await Promise.all([
    createDatabase(),
    createRedisDatabase(),
    newKey('current'),
    openMailbox(),
  ]);
  const issuer = await startIssuer(key);
  const admin = connectAdmin(database.url);
  return {
    admin,
    key,
    environment: {
      ...databasesOf(database),
      REDIS_URL: redisUrl,
      EVENT_LOG_URL: database.url,
      OIDC_ISSUER: issuer.issuer,
      OIDC_JWKS_URL: issuer.jwksUrl,
      RATE_LIMIT_SUBJECT: '1000000',
      RATE_LIMIT_ADDRESS: '1000000',
      AWS_REGION: 'eu-west-3',
      AWS_ENDPOINT_URL: mailbox.aws().endpoint,
      AWS_ACCESS_KEY_ID: 'local',
      AWS_SECRET_ACCESS_KEY: 'local',
      EMAIL_FROM: 'Careflow <no-reply@careflow.example>',
      SUBJECT_KEYS_SECRET: randomBytes(32).toString('base64url'),
      RETENTION_PUBLIC_KEY: (await newRetentionKey()).publicKey,
    },
    async close() {
      await Promise.all([issuer.stop(), mailbox.close(), admin.$client.end()]);
      await database.drop();
    },
  };
}

function databasesOf({ urlFor }: TestDatabase): Record<string, string> {
  return {
    DATABASE_URL_BOOKING: urlFor('careflow_booking'),
    DATABASE_URL_PRACTITIONER: urlFor('careflow_practitioner'),
    DATABASE_URL_PRACTITIONER_READER: urlFor('careflow_practitioner_reader'),
    DATABASE_URL_PATIENT_READER: urlFor('careflow_patient_reader'),
    DATABASE_URL_NOTIFICATION: urlFor('careflow_notification'),
    DATABASE_URL_PATIENT: urlFor('careflow_patient'),
    DATABASE_URL_CRON: urlFor('careflow_cron'),
    DATABASE_URL_LABORATORY: urlFor('careflow_laboratory'),
    DATABASE_URL_LABORATORY_READER: urlFor('careflow_laboratory_reader'),
    DATABASE_URL_HOMEKIT: urlFor('careflow_homekit'),
    DATABASE_URL_HOMEKIT_READER: urlFor('careflow_homekit_reader'),
    DATABASE_URL_WORKER: urlFor('careflow_worker'),
  };
}

/** The function as its `index.ts` wires it, in this process. */
export async function openFunction(
  { environment }: Pick<RealWorld, 'environment'>,
  name: Workload,
  settings: Readonly<Record<string, string>> = {},
): Promise<OpenedFunction> {
  const logged: string[] = [];
  const log = createLog({ name, level: 'debug' }, { write: (line) => void logged.push(line) });
  const open = await loadWorkload(name);
  const fn = await open({ ...environment, ...settings }, log);
  const app = buildServer(fn, { log });
  return {
    app,
    logged: () => logged,
    async close() {
      await app.close();
      await fn.close();
    },
  };
}

const allScopes = [
  'bookings:read bookings:write',
  'availability:read',
  'notifications:read',
  'patients:read patients:write',
  'homekit:read homekit:write',
  'account:read account:write',
  'orders:read orders:write',
  'lab-results:write lab-results:manage',
  'results:read results:write',
].join(' ');

type Bearer = { readonly role: Role; readonly subject: string; readonly country?: string };

/** An `Authorization` header for somebody with every scope. */
export async function bearer(
  { key }: Pick<RealWorld, 'key'>,
  { role, subject, country = 'fr' }: Bearer,
  parts: Omit<TokenParts, 'issuedAt'> & { readonly signedWith?: SigningKey } = {},
): Promise<string> {
  const { claims, signedWith = key, ...others } = parts;
  const good = { sub: subject, roles: [role], scope: allScopes, country };
  const issuedAt = Temporal.Now.instant();
  return `Bearer ${await sign(signedWith, { ...others, issuedAt, claims: { ...good, ...claims } })}`;
}
