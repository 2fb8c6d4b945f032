import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { fileURLToPath } from 'node:url';
import { setTimeout as delay } from 'node:timers/promises';

import { type Consumer, Kafka, logLevel, Partitioners } from 'kafkajs';
import { Agent } from 'undici';

import { systemClock } from '../../infra/local/knative/clock.ts';
import { startKafkaSource, type Source } from '../../infra/local/knative/kafka-source.ts';
import { parseManifests } from '../../infra/local/knative/kustomize.ts';
import { parseResources } from '../../infra/local/knative/resources.ts';
import { freePort } from '../../infra/local/services/free-port.ts';
import { BookingCreated } from '../../schemas/events/booking.v1.ts';
import { connectDatabase } from '../../shared/db/client.ts';
import { enqueue, outgoing, type OutgoingEvent, sendAllUnsent } from '../../shared/db/outbox.ts';
import { bookingOutbox } from '../../shared/db/schema/booking.ts';
import { appendTo } from '../../shared/events/append.ts';
import { encodeEvent } from '../../shared/events/encode.ts';
import type { EventLog } from '../../shared/events/event-log.ts';
import { openEventLog } from '../../shared/events/open-event-log.ts';
import { createPublisher } from '../../shared/events/publisher.ts';
import { createLog } from '../../shared/runtime/log.ts';
import { until } from '../support/until.ts';
import type { Area, Bench } from './bench.ts';
import { type Servers, withServers } from './servers.ts';

const PARTITIONS = 12;
const ROUNDS = 5;
const EVENTS = 200;
const WARM_UP = 50;
const DELIVERIES = 5_000;
const IN_FLIGHT = 50;
const IDLE_SECONDS = 20;

export const run: Area = (bench) =>
  withServers(async (servers) => {
    const eventLog = openEventLog(servers.kafka.url, { clientId: 'careflow-bench' });
    await benchLatency(bench, servers, eventLog);
    await benchThroughput(bench, servers, eventLog);
    await eventLog.close();
    await benchIdle(bench, servers);
  });

type Quantiles = { readonly p50: number; readonly p99: number };

/** Sends events one after the other and tells how long each took from its commit to its handler. */
type Hop = { readonly measure: (events: number) => Promise<Quantiles>; readonly stop: () => Promise<unknown> };

async function benchLatency(bench: Bench, servers: Servers, eventLog: EventLog): Promise<void> {
  const [ours, floor] = [await openOurHop(servers, eventLog), await openBareHop(servers, eventLog)];
  for (const hop of [ours, floor]) await hop.measure(WARM_UP);
  for (const [quantile, atMost] of [
    ['p50', 2],
    ['p99', 4],
  ] as const) {
    await bench(`${quantile} from commit to handler, against a bare hop`, {
      unit: 'ms',
      rounds: ROUNDS,
      ours: async () => (await ours.measure(EVENTS))[quantile],
      floor: async () => (await floor.measure(EVENTS))[quantile],
      target: { atMost },
    });
  }
  await Promise.all([ours.stop(), floor.stop()]);
}

/** Outbox, publisher, Kafka, KafkaSource and HTTP, as in production. */
async function openOurHop(servers: Servers, eventLog: EventLog): Promise<Hop> {
  const topic = await newTopic(eventLog);
  const receiver = await startReceiver();
  const source = await startSource(servers, eventLog, { topic, url: receiver.url, ordering: 'ordered' });
  const db = connectDatabase(servers.environment.DATABASE_URL_BOOKING, { applicationName: 'careflow-bench' });
  const append = appendTo(eventLog);
  const log = createLog({ name: 'bench', level: 'silent' });
  const publisher = createPublisher((keys) => sendAllUnsent(db, bookingOutbox, append, keys), log);
  return {
    measure: (events) =>
      inTurn(events, receiver.arrivals, async (id) => {
        const event = eventOf(id, topic);
        await db.transaction((tx) => enqueue(tx, bookingOutbox, [event]));
        const committedAt = performance.now();
        publisher.publish([event.partitionKey]);
        return committedAt;
      }),
    async stop() {
      await publisher.drain();
      await source.stop();
      receiver.server.close();
      await db.$client.end();
    },
  };
}

async function openBareHop(servers: Servers, eventLog: EventLog): Promise<Hop> {
  const topic = await newTopic(eventLog);
  const kafka = kafkaOf(servers);
  const arrivals: Arrivals = new Map();
  const consumer = await subscribe(kafka, topic);
  await consumer.run({
    eachMessage: async ({ message }) => arrive(arrivals, String(message.headers?.['ce_id'])),
  });
  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
  await producer.connect();
  return {
    measure: (events) =>
      inTurn(events, arrivals, async (id) => {
        const { key, value, headers } = encodeEvent(topic, eventOf(id, topic).event);
        const sentAt = performance.now();
        await producer.send({ topic, acks: -1, messages: [{ key, value, headers }] });
        return sentAt;
      }),
    stop: () => Promise.all([producer.disconnect(), consumer.disconnect()]),
  };
}

async function benchThroughput(bench: Bench, servers: Servers, eventLog: EventLog): Promise<void> {
  const topic = await newTopic(eventLog);
  const records = Array.from({ length: DELIVERIES }, () => encodeEvent(topic, eventOf(randomUUID(), topic).event));
  await eventLog.append(records);
  const receiver = await startReceiver();
  const perSecond = async (deliverAll: () => Promise<{ stop: () => Promise<unknown> }>) => {
    receiver.times.length = 0;
    const delivery = await deliverAll();
    await until(() => receiver.times.length >= DELIVERIES, { what: 'every delivery', timeoutMs: 120_000 });
    await delivery.stop();
    return (DELIVERIES - 1) / (((receiver.times.at(-1) ?? 0) - (receiver.times[0] ?? 0)) / 1_000);
  };
  await bench('unordered deliveries, against a bare consumer that posts', {
    unit: 'events/s',
    rounds: ROUNDS,
    ours: () => perSecond(() => startSource(servers, eventLog, { topic, url: receiver.url, ordering: 'unordered' })),
    floor: () => perSecond(() => postEach(servers, topic, receiver.url)),
    target: { atLeast: 0.5 },
  });
  receiver.server.close();
}

/** A consumer that posts what it fetches, so many at a time. */
async function postEach(servers: Servers, topic: string, url: string): Promise<{ stop: () => Promise<unknown> }> {
  const consumer = await subscribe(kafkaOf(servers), topic);
  const dispatcher = new Agent({ connections: IN_FLIGHT });
  const { origin } = new URL(url);
  await consumer.run({
    partitionsConsumedConcurrently: PARTITIONS,
    eachBatch: async ({ batch }) => {
      for (let from = 0; from < batch.messages.length; from += IN_FLIGHT) {
        const part = batch.messages.slice(from, from + IN_FLIGHT);
        await Promise.all(
          part.map(async ({ value }) => {
            const request = { origin, path: '/', method: 'POST', body: value } as const;
            const { body } = await dispatcher.request(request);
            await body.dump();
          }),
        );
      }
    },
  });
  return { stop: () => Promise.all([consumer.disconnect(), dispatcher.close()]) };
}

/** The platform as `npm start` runs it, on servers that are not counted, when nobody asks for anything. */
async function benchIdle(bench: Bench, { postgres, redis, kafka, dir }: Servers): Promise<void> {
  const platform = spawn(process.execPath, [fileURLToPath(new URL('../../infra/local/start.ts', import.meta.url))], {
    stdio: 'ignore',
    env: {
      PATH: process.env['PATH'] ?? '',
      CAREFLOW_HOME: `${dir}/platform`,
      CAREFLOW_PORT: `${await freePort()}`,
      DATABASE_URL: postgres.url,
      REDIS_URL: redis.url,
      EVENT_LOG_URL: kafka.url,
    },
  });
  const pid = platform.pid ?? 0;
  await until(() => hasFile(`${dir}/platform/run/platform.json`), { what: 'the platform', timeoutMs: 120_000 });
  const servers = { PostgreSQL: postgres.pid, Redis: redis.pid, Kafka: kafka.pid };
  const idle = (of: number) => async () => {
    // The cron wakes once a minute: what is measured is the time between its ticks.
    await until(async () => (await childrenOf(pid)).length === 0, { what: 'scale to zero', timeoutMs: 180_000 });
    return shareOfCore(of);
  };
  await bench('idle platform scaled to zero, of a core', {
    unit: '% of core',
    rounds: 1,
    ours: idle(pid),
    floor: () => 100,
    target: { atMost: 0.1 },
  });
  for (const [name, of] of Object.entries(servers))
    await bench(`idle ${name}, of a core`, { unit: '% of core', rounds: 1, ours: idle(of), floor: () => 100 });
  const gone = once(platform, 'exit');
  platform.kill('SIGTERM');
  await gone;
}

async function shareOfCore(pid: number): Promise<number> {
  const before = await cpuSeconds(pid);
  await delay(IDLE_SECONDS * 1_000);
  return ((await cpuSeconds(pid)) - before) * (100 / IDLE_SECONDS);
}

/** Of the process and its children (proc(5): utime and stime, in hundredths of a second). */
async function cpuSeconds(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const own = (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) / 100;
  const others = await Promise.all((await childrenOf(pid)).map(cpuSeconds));
  return others.reduce((sum, each) => sum + each, own);
}

async function childrenOf(pid: number): Promise<number[]> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '');
  return text.split(' ').filter(Boolean).map(Number);
}

async function hasFile(path: string): Promise<boolean> {
  return readFile(path).then(
    () => true,
    () => false,
  );
}

type Arrivals = Map<string, (atMs: number) => void>;

function arrive(arrivals: Arrivals, id: string): void {
  arrivals.get(id)?.(performance.now());
}

async function inTurn(events: number, arrivals: Arrivals, send: (id: string) => Promise<number>): Promise<Quantiles> {
  const durations: number[] = [];
  for (let turn = 0; turn < events; turn += 1) {
    const id = randomUUID();
    const arrival = Promise.withResolvers<number>();
    arrivals.set(id, arrival.resolve);
    const sentAt = await send(id);
    durations.push((await arrival.promise) - sentAt);
    arrivals.delete(id);
  }
  durations.sort((one, other) => one - other);
  const quantile = (share: number) => durations[Math.floor(durations.length * share)] ?? Number.NaN;
  return { p50: quantile(0.5), p99: quantile(0.99) };
}

type Receiver = { url: string; server: Server; arrivals: Arrivals; times: number[] };

/** A bare server that takes every event. */
async function startReceiver(): Promise<Receiver> {
  const arrivals: Arrivals = new Map();
  const times: number[] = [];
  const server = createServer((request, response) => {
    request.resume();
    request.on('end', () => {
      times.push(performance.now());
      arrive(arrivals, String(request.headers['ce-id']));
      response.writeHead(204).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('the receiver does not listen');
  return { url: `http://127.0.0.1:${address.port}/`, server, arrivals, times };
}

async function startSource(
  { kafka }: Servers,
  eventLog: EventLog,
  { topic, url, ordering }: { topic: string; url: string; ordering: 'ordered' | 'unordered' },
): Promise<Source> {
  const manifests = parseManifests(`
    apiVersion: sources.knative.dev/v1
    kind: KafkaSource
    metadata: { name: bench, namespace: careflow }
    spec:
      consumerGroup: ${randomUUID()}
      bootstrapServers: ['${new URL(kafka.url).host}']
      topics: [${topic}]
      ordering: ${ordering}
      initialOffset: earliest
      sink: { uri: '${url}' }`);
  const [source] = parseResources(manifests).kafkaSources;
  if (!source) throw new Error('no source');
  const dispatcher = new Agent();
  const started = await startKafkaSource(source, {
    eventLog,
    dispatcher,
    clock: systemClock,
    resolve: () => url,
    log: (line) => console.error(line),
  });
  return {
    async stop() {
      await started.stop();
      await dispatcher.close();
    },
  };
}

async function newTopic(eventLog: EventLog): Promise<string> {
  const name = `bench-${randomUUID()}`;
  await eventLog.ensureTopics([{ name, partitions: PARTITIONS }]);
  return name;
}

function kafkaOf({ kafka }: Servers): Kafka {
  return new Kafka({ clientId: 'bench', brokers: [new URL(kafka.url).host], logLevel: logLevel.NOTHING });
}

async function subscribe(kafka: Kafka, topic: string): Promise<Consumer> {
  const consumer = kafka.consumer({ groupId: randomUUID(), maxWaitTimeInMs: 500 });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  return consumer;
}

function eventOf(id: string, topic: string): OutgoingEvent {
  const instant = '2026-03-01T09:00:00Z';
  const key = randomUUID();
  const event = outgoing(BookingCreated, {
    id,
    subject: key,
    partitionKey: key,
    time: Temporal.Instant.from(instant),
    traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
    data: {
      bookingId: key,
      version: 1,
      country: 'fr',
      practitionerId: key,
      patientId: key,
      visitTypeId: key,
      slotStart: instant,
      slotEnd: '2026-03-01T09:30:00Z',
      busyStart: instant,
      busyEnd: '2026-03-01T09:30:00Z',
    },
  });
  return { ...event, topic };
}
