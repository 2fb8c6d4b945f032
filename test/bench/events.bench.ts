import { randomUUID } from 'node:crypto';
import { createServer, type Server } from 'node:http';

import { Partitioners } from 'kafkajs';

import { BookingCreated } from '../../schemas/events/booking.v1.ts';
import { connectDatabase } from '../../shared/db/client.ts';
import { createOutboxRelay } from '../../shared/db/outbox-relay.ts';
import { enqueue, outgoing, type OutgoingEvent } from '../../shared/db/outbox.ts';
import { bookingOutbox } from '../../shared/db/schema/booking.ts';
import { appendTo } from '../../shared/events/append.ts';
import { encodeEvent } from '../../shared/events/encode.ts';
import type { EventLog } from '../../shared/events/event-log.ts';
import { openEventLog } from '../../shared/events/open-event-log.ts';
import { createPublisher } from '../../shared/events/publisher.ts';
import { createLog } from '../../shared/runtime/log.ts';
import { until } from '../support/until.ts';
import { kafkaOf, PARTITIONS, postEach, subscribe } from './bare-consumer.ts';
import type { Area, Bench } from './bench.ts';
import { startSource } from './event-source.ts';
import { type Arrivals, createArrivals, type Hop, measureInTurn, type Quantiles } from './hop.ts';
import { benchIdle } from './idle.ts';
import { openMailHop } from './mail-hop.ts';
import { type Servers, withServers } from './servers.ts';

const ROUNDS = 5;
const EVENTS = 200;
const WARM_UP = 50;
const DELIVERIES = 5_000;

export const run: Area = async (bench) => {
  await withServers(async (servers) => {
    const eventLog = openEventLog(servers.kafka.url, { clientId: 'careflow-bench' });
    await benchLatency(bench, servers, eventLog);
    await benchThroughput(bench, servers, eventLog);
    await eventLog.close();
  });
  // On servers without a past: what the others have left to consume would keep functions awake.
  await withServers((servers) => benchIdle(bench, servers));
};

async function benchLatency(bench: Bench, servers: Servers, eventLog: EventLog): Promise<void> {
  const floor = await openBareHop(servers, eventLog);
  await floor.measure(WARM_UP);
  const handler = { way: 'commit to handler', hop: await openOurHop(servers, eventLog) };
  await benchHop(bench, handler, floor, { p50: { atMost: 2 }, p99: { atMost: 4 } });
  const mail = { way: "a booking's answer to its e-mail", hop: await openMailHop(servers, eventLog) };
  await benchHop(bench, mail, floor, {});
  await floor.stop();
}

type Measured = { readonly way: string; readonly hop: Hop };

async function benchHop(
  bench: Bench,
  { way, hop }: Measured,
  floor: Hop,
  targets: Readonly<Partial<Record<keyof Quantiles, { atMost: number }>>>,
): Promise<void> {
  await hop.measure(WARM_UP);
  for (const quantile of ['p50', 'p99'] as const) {
    const target = targets[quantile];
    await bench(`${quantile} from ${way}, against a bare hop`, {
      unit: 'ms',
      rounds: ROUNDS,
      ours: async () => (await hop.measure(EVENTS))[quantile],
      floor: async () => (await floor.measure(EVENTS))[quantile],
      ...(target && { target }),
    });
  }
  await hop.stop();
}

/** Outbox, publisher, Kafka, KafkaSource and HTTP, as in production. */
async function openOurHop(servers: Servers, eventLog: EventLog): Promise<Hop> {
  const topic = await newTopic(eventLog);
  const receiver = await startReceiver();
  const source = await startSource(servers, eventLog, { topic, url: receiver.url, ordering: 'ordered' });
  const db = connectDatabase(servers.environment.DATABASE_URL_BOOKING, { applicationName: 'careflow-bench' });
  const append = appendTo(eventLog);
  const log = createLog({ name: 'bench', level: 'silent' });
  const publisher = createPublisher(createOutboxRelay(db, bookingOutbox, append).sendAll, log);
  return {
    measure: (events) =>
      measureInTurn(events, receiver.arrivals, async () => {
        const event = eventOf(randomUUID(), topic);
        await db.transaction((tx) => enqueue(tx, bookingOutbox, [event]));
        const at = performance.now();
        publisher.publish([event.partitionKey]);
        return { id: event.event.id, at };
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
  const arrivals = createArrivals();
  const consumer = await subscribe(kafka, topic);
  await consumer.run({
    eachMessage: async ({ message }) => arrivals.arrive(String(message.headers?.['ce_id'])),
  });
  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
  await producer.connect();
  return {
    measure: (events) =>
      measureInTurn(events, arrivals, async () => {
        const { event } = eventOf(randomUUID(), topic);
        const { key, value, headers } = encodeEvent(topic, event);
        const at = performance.now();
        await producer.send({ topic, acks: -1, messages: [{ key, value, headers }] });
        return { id: event.id, at };
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

type Receiver = { url: string; server: Server; arrivals: Arrivals; times: number[] };

/** A bare server that takes every event. */
async function startReceiver(): Promise<Receiver> {
  const arrivals = createArrivals();
  const times: number[] = [];
  const server = createServer((request, response) => {
    request.resume();
    request.on('end', () => {
      times.push(performance.now());
      arrivals.arrive(String(request.headers['ce-id']));
      response.writeHead(204).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('the receiver does not listen');
  return { url: `http://127.0.0.1:${address.port}/`, server, arrivals, times };
}

async function newTopic(eventLog: EventLog): Promise<string> {
  const name = `bench-${randomUUID()}`;
  await eventLog.ensureTopics([{ name, partitions: PARTITIONS }]);
  return name;
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
