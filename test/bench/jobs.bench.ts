import { randomBytes, randomUUID } from 'node:crypto';
import { createServer } from 'node:http';

import { openSeals } from '../../functions/seals.ts';
import { runJob } from '../../functions/worker/run-job.ts';
import { sendEmail } from '../../functions/worker/send-email.ts';
import { EmailRequested } from '../../schemas/events/jobs.v1.ts';
import { connectDatabase } from '../../shared/db/client.ts';
import { outgoing } from '../../shared/db/outbox.ts';
import { encodeEvent } from '../../shared/events/encode.ts';
import type { EventLog, LogRecord } from '../../shared/events/event-log.ts';
import { openEventLog } from '../../shared/events/open-event-log.ts';
import { createLog } from '../../shared/runtime/log.ts';
import { subscribe } from '../../shared/runtime/route.ts';
import { buildServer } from '../../shared/runtime/server.ts';
import { until } from '../support/until.ts';
import { PARTITIONS, postEach } from './bare-consumer.ts';
import type { Area } from './bench.ts';
import { startSource } from './event-source.ts';
import { type Servers, withServers } from './servers.ts';

const ROUNDS = 5;
const JOBS = 3_000;
const PATIENTS = 100;

type Taker = {
  readonly url: string;
  /** When each was done. */
  readonly times: number[];
  readonly stop: () => Promise<unknown>;
};

export const run: Area = async (bench) => {
  await withServers(async (servers) => {
    const eventLog = openEventLog(servers.kafka.url, { clientId: 'careflow-bench' });
    const seals = openSeals(randomBytes(32));
    const worker = await startWorker(servers, seals);
    const bare = await startBareServer();
    const perSecond = async (taker: Taker, deliver: (topic: string) => Promise<{ stop: () => Promise<unknown> }>) => {
      const topic = await fillTopic(servers, eventLog, seals);
      taker.times.length = 0;
      const delivery = await deliver(topic);
      await until(() => taker.times.length >= JOBS, { what: 'every job', timeoutMs: 120_000 });
      await delivery.stop();
      return (JOBS - 1) / (((taker.times.at(-1) ?? 0) - (taker.times[0] ?? 0)) / 1_000);
    };
    await bench('e-mail jobs claimed, opened, sent, recorded, against a bare consumer that posts', {
      unit: 'jobs/s',
      rounds: ROUNDS,
      ours: () =>
        perSecond(worker, (topic) => startSource(servers, eventLog, { topic, url: worker.url, ordering: 'unordered' })),
      floor: () => perSecond(bare, (topic) => postEach(servers, topic, bare.url)),
    });
    await Promise.all([worker.stop(), bare.stop(), eventLog.close()]);
  });
};

/** The function with a provider that takes everything at once. */
async function startWorker({ environment }: Servers, seals: ReturnType<typeof openSeals>): Promise<Taker> {
  const connect = (url: string) => connectDatabase(url, { applicationName: 'careflow-bench', maxConnections: 16 });
  const db = connect(environment.DATABASE_URL_WORKER);
  const patients = connect(environment.DATABASE_URL_PATIENT_READER);
  const notification = connect(environment.DATABASE_URL_NOTIFICATION);
  const times: number[] = [];
  const take = async () => ({ providerMessageId: `m-${times.push(performance.now())}` });
  const providers = { sendEmail: take, sendSms: take, emailFrom: 'no-reply@careflow.example' };
  const deps = { db, patients, seals, contexts: { notification }, ...providers, now: () => Temporal.Now.instant() };
  const app = buildServer(
    {
      name: 'worker',
      routes: [],
      subscriptions: [subscribe(EmailRequested, runJob(deps, EmailRequested, sendEmail(deps)))],
      dependencies: {},
      close: async () => undefined,
    },
    { log: createLog({ name: 'bench', level: 'silent' }) },
  );
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  const stop = async () => {
    await app.close();
    await Promise.all([db, patients, notification].map(({ $client }) => $client.end()));
  };
  return { url, times, stop };
}

async function startBareServer(): Promise<Taker> {
  const times: number[] = [];
  const server = createServer((request, response) => {
    request.resume();
    request.on('end', () => {
      times.push(performance.now());
      response.writeHead(204).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('the server does not listen');
  return { url: `http://127.0.0.1:${address.port}/`, times, stop: async () => server.close() };
}

/** A topic of jobs that nobody has done yet. */
async function fillTopic(
  { environment }: Servers,
  eventLog: EventLog,
  { sealFor }: ReturnType<typeof openSeals>,
): Promise<string> {
  const topic = `bench-${randomUUID()}`;
  await eventLog.ensureTopics([{ name: topic, partitions: PARTITIONS }]);
  const patients = connectDatabase(environment.DATABASE_URL_PATIENT_READER, { applicationName: 'careflow-bench' });
  const content = { to: 'somebody@example.com', subject: 'Hello', text: 'Words of a message' };
  const people = await Promise.all(
    Array.from({ length: PATIENTS }, async () => {
      const patientId = randomUUID();
      return { patientId, sealed: await sealFor(patients, patientId, content) };
    }),
  );
  await patients.$client.end();
  const records = Array.from({ length: JOBS }, (_, index) => jobRecord(topic, people[index % PATIENTS]));
  await eventLog.append(records);
  return topic;
}

function jobRecord(topic: string, person: { patientId: string; sealed: string } | undefined): LogRecord {
  if (!person) throw new Error('nobody to write to');
  const now = Temporal.Now.instant();
  const { event } = outgoing(
    { ...EmailRequested, source: '/careflow/bench' },
    {
      id: randomUUID(),
      subject: person.patientId,
      partitionKey: randomUUID(),
      time: now,
      traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
      data: { ...person, idempotencyKey: randomUUID(), deadline: now.add({ hours: 1 }).toString() },
    },
  );
  return encodeEvent(topic, event);
}
