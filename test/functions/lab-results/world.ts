import { randomUUID } from 'node:crypto';

import type { InjectOptions } from 'fastify';
import { pino } from 'pino';

import type { Deps } from '../../../functions/lab-results/deps.ts';
import { findAnswer } from '../../../functions/lab-results/commit.ts';
import { routesOf } from '../../../functions/lab-results/routes.ts';
import { subscriptionsOf } from '../../../functions/lab-results/subscriptions.ts';
import type { AnyEvent } from '../../../schemas/events/contract.ts';
import { connectDatabase } from '../../../shared/db/client.ts';
import { subjectData } from '../../../shared/db/subject-data/contexts.ts';
import { exportSubject } from '../../../shared/db/subject-data/subject-table.ts';
import type { Caller, Role } from '../../../shared/domain/caller.ts';
import { AppError } from '../../../shared/errors.ts';
import { buildServer } from '../../../shared/runtime/server.ts';
import { addPatient, addPractice, connectAdmin } from '../../support/practices.ts';
import { createDatabase } from '../../support/services/database.ts';
import { startProxy } from '../booking/proxy.ts';
import { requestOf } from '../event-request.ts';

export const AUTHORITY = 'CLINIC';
export const MORNING = '2031-03-03T09:00:00Z';

const scopes = ['lab-results:write', 'results:read', 'results:write', 'lab-results:manage'];

/** Somebody whose results come: the number that laboratories know them by among it. */
export type Known = { readonly patientId: string; readonly mrn: string };

/** The function behind its door, on real databases, with a clock and a log that the test holds. */
export async function openLab() {
  const database = await createDatabase();
  const admin = connectAdmin(database.url);
  const connect = (role: string) => connectDatabase(database.urlFor(role), { applicationName: 'lab-results' });
  const proxy = await startProxy(database.urlFor('careflow_laboratory'));
  const [db, patients, practitioners, kits] = [
    connectDatabase(proxy.url, { applicationName: 'lab-results' }),
    connect('careflow_patient_reader'),
    connect('careflow_practitioner_reader'),
    connect('careflow_homekit_reader'),
  ];
  let time = Temporal.Instant.from(MORNING);
  const log = { records: new Array<AnyEvent>(), isAway: false, delivered: 0 };
  const deps: Deps = {
    db,
    patients,
    practitioners,
    kits,
    append: async (events) => {
      if (log.isAway) throw new AppError('unavailable', 'the event log did not take the records');
      log.records.push(...events.map(({ event }) => event));
    },
    publish: () => undefined,
    processingIds: new Set(['P']),
    now: () => time,
  };
  const app = buildServer(
    {
      name: 'lab-results',
      routes: routesOf(deps),
      subscriptions: subscriptionsOf(deps),
      authenticate: callerOf,
      findAnswer: (claim) => findAnswer(db, claim),
      dependencies: {},
      close: () => Promise.resolve(),
    },
    { log: pino({ level: 'silent' }) },
  );

  async function rows<Row>(query: string, values: unknown[] = []): Promise<Row[]> {
    return (await admin.$client.query(query, values)).rows;
  }

  async function call(method: 'GET' | 'POST' | 'PUT', path: string, as: string, more: Partial<InjectOptions> = {}) {
    const { headers, ...rest } = more;
    return app.inject({ method, url: path, headers: { authorization: as, ...headers }, ...rest });
  }

  /** As a KafkaSource does: again while the answer asks for it. @returns the last status. */
  async function deliver(event: AnyEvent | InjectOptions): Promise<number> {
    const request = 'specversion' in event ? requestOf(event) : event;
    for (let attempt = 0; attempt < 50; attempt += 1) {
      const { statusCode } = await app.inject(request);
      if (statusCode !== 409 && statusCode !== 429 && statusCode < 500) return statusCode;
    }
    throw new Error('never done');
  }

  return {
    app,
    db,
    urlFor: database.urlFor,
    admin,
    log,
    rows,
    call,
    deliver,
    deliverOnce: async (event: AnyEvent) => (await app.inject(requestOf(event))).statusCode,
    now: () => time,
    setTime: (text: string) => {
      time = Temporal.Instant.from(text);
    },
    pass: (duration: Temporal.DurationLike) => {
      time = time.add(duration);
    },

    /** A patient born on 1985-04-12, female. */
    async addKnown(country = 'fr'): Promise<Known> {
      const patientId = await addPatient(admin, country);
      const mrn = `MRN-${randomUUID().slice(0, 8)}`;
      await rows('INSERT INTO patient.identifiers VALUES ($1, $2, $3)', [AUTHORITY, mrn, patientId]);
      return { patientId, mrn };
    },

    addPractitioner: async () => (await addPractice(admin)).practitionerId,

    send: async (message: string | Buffer, mediaType = 'application/hl7-v2', as = bearer('system')) =>
      call('POST', '/fr/lab-results', as, { payload: message, headers: { 'content-type': mediaType } }),

    /** A patient's reports as somebody sees them. */
    async results(patientId: string, as = bearer('patient', patientId)): Promise<Shown[]> {
      const answer = await call('GET', `/fr/patients/${patientId}/results?limit=100`, as);
      if (answer.statusCode !== 200) throw new Error(`status ${answer.statusCode}`);
      return answer.json().items;
    },

    /** What of a patient's results is in an export of theirs, as text. */
    exported: async (patientId: string) => JSON.stringify(await exportSubject(db, subjectData.laboratory, patientId)),

    /** What the source of the topic has yet to deliver. */
    async drain(): Promise<void> {
      for (; log.delivered < log.records.length; log.delivered += 1) {
        const record = log.records[log.delivered];
        if (record && (await deliver(record)) !== 204) throw new Error(`Record ${log.delivered} was refused`);
      }
    },

    /** The events of the outbox, the oldest first, without what a test cannot know. */
    async told(): Promise<{ type: string; data: Record<string, unknown> }[]> {
      const events = await rows<{ event: AnyEvent }>('SELECT event FROM laboratory.outbox ORDER BY seq');
      return events.map(({ event: { type, data } }) => ({ type, data: Object(data) }));
    },

    /** Runs while the function's own database cannot be reached. */
    async whileAway(work: () => Promise<void>): Promise<void> {
      await proxy.cut();
      try {
        await work();
      } finally {
        await proxy.mend();
      }
    },

    async close() {
      await app.close();
      await Promise.all([db, patients, practitioners, kits, admin].map(({ $client }) => $client.end()));
      await proxy.close();
      await database.drop();
    },
  };
}

/** What tests look at of a report. */
export type Shown = {
  readonly id: string;
  readonly version: number;
  readonly status: string;
  readonly fillerOrder: string;
  readonly releasedAt: string | null;
  readonly releaseAt: string | null;
  readonly heldBecause: readonly string[];
  readonly observations: readonly (ShownSaid & {
    readonly id: string;
    readonly loinc: string | null;
    readonly isWithdrawn: boolean;
    readonly isCritical: boolean;
    readonly releaseAt: string | null;
    readonly releasedAt: string | null;
    readonly heldBecause: readonly string[];
    readonly former: readonly ShownSaid[];
  })[];
  readonly documents: readonly { readonly id: string | null; readonly contentType: string }[];
};
type ShownSaid = { readonly status: string; readonly values: readonly Record<string, unknown>[] };

export type Lab = Awaited<ReturnType<typeof openLab>>;

/** Stands for a verified token. */
export function bearer(role: Role, subject: string = randomUUID(), country = 'fr'): string {
  return `Bearer ${role} ${subject} ${country}`;
}

async function callerOf(authorization: string | undefined): Promise<Caller> {
  const [, role, subject = '', country] = authorization?.split(' ') ?? [];
  const roles = (['patient', 'practitioner', 'staff', 'system', 'admin'] as const).filter((each) => each === role);
  if (roles.length === 0) throw new AppError('unauthenticated', 'No token.', { reason: 'missing' });
  return { subject, roles, scopes, country };
}

export type Obx = {
  readonly code?: string;
  readonly type?: string;
  readonly value?: string;
  readonly unit?: string;
  readonly range?: string;
  readonly flag?: string;
  readonly status?: string;
  /** OBX-14. */
  readonly observedAt?: string;
  /** OBX-17. */
  readonly method?: string;
};

export type Oru = {
  readonly sender?: string;
  readonly controlId?: string;
  readonly sentAt?: string;
  readonly mrn: string;
  readonly birthDate?: string;
  readonly sex?: string;
  readonly order?: string;
  readonly service?: string;
  readonly orderedBy?: string;
  readonly reportStatus?: string;
  readonly changedAt?: string;
  readonly section?: string;
  readonly observations?: readonly Obx[];
  /** Of the specimen. */
  readonly barcode?: string;
};

export const potassium = '2823-3^Potassium^LN';

/** An ORU^R01 of a laboratory; what is not said is a final, ordinary potassium. */
export function oru(message: Oru): string {
  const { controlId = randomUUID().slice(0, 20), sentAt = '20310303100000+0100', sender = 'LAB' } = message;
  const { birthDate = '19850412', sex = 'F', order = randomUUID().slice(0, 12), changedAt = sentAt } = message;
  const { reportStatus = 'F', section = 'CH', service = 'LYTES^Electrolytes^L', orderedBy = '' } = message;
  const obr = field(`OBR|1||${order}|${service}`, {
    7: changedAt,
    16: orderedBy,
    22: changedAt,
    24: section,
    25: reportStatus,
  });
  return [
    `MSH|^~\\&|${sender}|HOSPITAL|CAREFLOW|CAREFLOW|${sentAt}||ORU^R01^ORU_R01|${controlId}|P|2.5.1`,
    `PID|1||${message.mrn}^^^${AUTHORITY}^MR||MOREAU^CAMILLE||${birthDate}|${sex}`,
    obr,
    ...(message.observations ?? [{}]).map((obx, index) => obxOf(obx, index + 1)),
    ...(message.barcode === undefined ? [] : [`SPM|1|${message.barcode}||BLD^Blood^HL70487`]),
    '',
  ].join('\r');
}

function obxOf(obx: Obx, number: number): string {
  const { code = potassium, type = 'NM', value = '4.2', unit = 'mmol/L', range = '3.5-5.1', flag = '' } = obx;
  const { observedAt = '', method = '' } = obx;
  const observed = observedAt === '' && method === '' ? '' : `|||${observedAt}|||${method}`;
  return `OBX|${number}|${type}|${code}||${value}|${unit}|${range}|${flag}|||${obx.status ?? 'F'}${observed}`;
}

function field(segment: string, values: Readonly<Record<number, string>>): string {
  const fields = segment.split('|');
  const last = Math.max(...Object.keys(values).map(Number));
  return Array.from({ length: last + 1 }, (_, index) => values[index] ?? fields[index] ?? '').join('|');
}

/** The codes of the acknowledgments in an answer. */
export function codesIn(answer: { readonly payload: string }): string[] {
  return [...answer.payload.matchAll(/^MSA\|(\w\w)\|/gm)].map(([, code = '']) => code);
}

/** A record that another system wrote into the topic as it is, as a KafkaSource delivers it. */
export function recordOf(
  value: string | Buffer,
  { offset = 0, contentType }: { offset?: number; contentType?: string } = {},
): InjectOptions {
  return {
    method: 'POST',
    url: '/events',
    headers: {
      'ce-specversion': '1.0',
      'ce-type': 'dev.knative.kafka.event',
      'ce-source': '/apis/v1/namespaces/careflow/kafkasources/lab-results#lis-results',
      'ce-id': `partition:0/offset:${offset}`,
      'ce-time': MORNING,
      ...(contentType !== undefined && { 'content-type': contentType }),
    },
    payload: value,
  };
}
