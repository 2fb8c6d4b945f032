import { randomUUID } from 'node:crypto';

import pg from 'pg';

import { open } from '../../functions/lab-results/index.ts';
import { openEventLog } from '../../shared/events/open-event-log.ts';
import { createLog } from '../../shared/runtime/log.ts';
import { buildServer } from '../../shared/runtime/server.ts';
import { newKey, sign, startIssuer } from '../shared/identity/issuer.ts';
import { until } from '../support/until.ts';
import type { Area } from './bench.ts';
import { type Servers, withServers } from './servers.ts';

const MESSAGES = 200;
const RESULTS = 20;
const AT_ONCE = 32;
const PATIENT = { id: randomUUID(), mrn: 'FLOW-1' };

/** From the laboratory's POST, through the log and its source, to what a patient reads: Kafka, PostgreSQL and this process. */
export const run: Area = async (bench) => {
  await withServers(async (servers) => {
    const pool = new pg.Pool({ connectionString: servers.postgres.url, max: AT_ONCE });
    pool.on('error', () => undefined);
    await addPatient(pool);
    const flow = await openFlow(servers, pool);
    try {
      await flow.pour();
      await bench(`a panel of ${RESULTS} results: posted to applied, against writing its rows alone`, {
        unit: 'results/s',
        rounds: 3,
        ours: () => rateOf(flow.pour),
        floor: () => rateOf(() => writeRows(pool)),
      });
    } finally {
      await flow.close();
      await pool.end();
    }
  });
};

async function rateOf(work: () => Promise<void>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return (MESSAGES * RESULTS * 1000) / (performance.now() - startedAt);
}

async function addPatient(pool: pg.Pool): Promise<void> {
  await pool.query(
    `INSERT INTO patient.patients (id, country_code, given_name, family_name, birth_date, sex, time_zone)
     VALUES ($1, 'fr', 'A', 'B', '1985-04-12', 'female', 'Europe/Paris')`,
    [PATIENT.id],
  );
  await pool.query("INSERT INTO patient.identifiers VALUES ('CLINIC', $1, $2)", [PATIENT.mrn, PATIENT.id]);
}

async function openFlow({ environment }: Servers, pool: pg.Pool) {
  const key = await newKey('current');
  const issuer = await startIssuer(key);
  const log = createLog({ name: 'lab-results', level: 'fatal' });
  const settings = { OIDC_ISSUER: issuer.issuer, OIDC_JWKS_URL: issuer.jwksUrl, RATE_LIMIT_SUBJECT: '1000000000' };
  const fn = await open({ ...environment, ...settings }, log);
  const app = buildServer(fn, { log });
  const claims = { sub: 'lis', roles: ['system'], scope: 'lab-results:write', country: 'fr' };
  const authorization = `Bearer ${await sign(key, { issuedAt: Temporal.Now.instant(), claims })}`;
  const eventLog = openEventLog(environment.EVENT_LOG_URL, { clientId: 'bench', log });
  const source = await eventLog.subscribe({
    group: 'bench',
    topics: ['lis-results'],
    initialOffset: 'earliest',
    inFlightPerPartition: 8,
    onRecord: async ({ headers, value }) => {
      const { statusCode } = await app.inject({ method: 'POST', url: '/events', ...requestOf(headers, value) });
      if (statusCode !== 204) throw new Error(`The event was answered ${statusCode}`);
    },
  });
  return {
    async pour(): Promise<void> {
      const before = await countApplied(pool);
      const messages = Array.from({ length: MESSAGES }, panel);
      const send = async () => {
        for (let message = messages.pop(); message !== undefined; message = messages.pop()) {
          const headers = { authorization, 'content-type': 'application/hl7-v2' };
          const answer = await app.inject({ method: 'POST', url: '/fr/lab-results', headers, payload: message });
          if (!answer.payload.includes('MSA|AA|')) throw new Error(`A message was answered ${answer.statusCode}`);
        }
      };
      await Promise.all(Array.from({ length: AT_ONCE }, send));
      const isDone = async () => (await countApplied(pool)) === before + MESSAGES;
      await until(isDone, { what: 'all to be applied', timeoutMs: 60_000 });
    },
    async close(): Promise<void> {
      await source.stop();
      await eventLog.close();
      await app.close();
      await fn.close();
      await issuer.stop();
    },
  };
}

function requestOf(headers: Readonly<Record<string, string>>, value: Buffer | null) {
  const sent = Object.entries(headers).map(([name, text]) => [name.replace(/^ce_/, 'ce-'), text]);
  return { headers: Object.fromEntries(sent), payload: value ?? '' };
}

async function countApplied(pool: pg.Pool): Promise<number> {
  const { rows } = await pool.query<{ count: string }>(
    "SELECT count(*) FROM laboratory.messages WHERE state = 'applied'",
  );
  return Number(rows[0]?.count);
}

function panel(): string {
  const order = randomUUID();
  const at = '20310303100000+0100';
  const results = Array.from(
    { length: RESULTS },
    (_, index) => `OBX|${index + 1}|NM|${1000 + index}-1^Analyte ${index}^LN||${index}.5|mmol/L|3.5-5.1||||F`,
  );
  return [
    `MSH|^~\\&|BENCH|LAB|CAREFLOW|CAREFLOW|${at}||ORU^R01^ORU_R01|${order.slice(0, 20)}|P|2.5.1`,
    `PID|1||${PATIENT.mrn}^^^CLINIC^MR||||19850412|F`,
    `OBR|1||${order}|PANEL^Panel^L|||${at}|||||||||||||||${at}||CH|F`,
    ...results,
  ].join('\r');
}

/** The rows of as many panels, each panel's in one transaction of one statement a table. */
async function writeRows(pool: pg.Pool): Promise<void> {
  await pool.query(
    `CREATE TABLE IF NOT EXISTS bare_results (id uuid PRIMARY KEY, patient_id uuid, content json, at timestamptz);
     CREATE TABLE IF NOT EXISTS bare_versions (id uuid, telling text, content json, PRIMARY KEY (id, telling))`,
  );
  const content = JSON.stringify({ code: 'x'.repeat(300) });
  let left = MESSAGES;
  const write = async () => {
    for (; left > 0;) {
      left -= 1;
      const ids = Array.from({ length: RESULTS }, () => randomUUID());
      const client = await pool.connect();
      try {
        await client.query('BEGIN');
        await client.query('INSERT INTO bare_results SELECT unnest($1::uuid[]), $2, $3::json, now()', [
          ids,
          PATIENT.id,
          content,
        ]);
        await client.query("INSERT INTO bare_versions SELECT unnest($1::uuid[]), 'first', $2::json", [ids, content]);
        await client.query('COMMIT');
      } finally {
        client.release();
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, write));
}
