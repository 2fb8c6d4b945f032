import { setTimeout as delay } from 'node:timers/promises';

import type { Admin } from 'kafkajs';

import { AppError } from '../errors.ts';
import { APPEND_DEADLINE_MS, createAppendQueue } from './append-queue.ts';
import type { EventLog, EventLogOptions, Topic } from './event-log.ts';
import type { KafkaAddress } from './kafka-address.ts';
import { kafkaClients, nameKafkaError, protocolErrorType, RETRY, type NewKafka } from './kafka-client.ts';
import { createKafkaProducer } from './kafka-producer.ts';
import { readKafkaTopic } from './kafka-read.ts';
import { subscribeToKafka } from './kafka-subscription.ts';

const LEADERS_DEADLINE_MS = 10_000;
const LEADERS_POLL_MS = 50;
const NOT_LED_YET = new Set(['UNKNOWN_TOPIC_OR_PARTITION', 'LEADER_NOT_AVAILABLE', 'NOT_LEADER_FOR_PARTITION']);

/** The event log in Apache Kafka. Clients are connected while they are used. */
export function createKafkaLog(address: KafkaAddress, options: EventLogOptions): EventLog {
  const newKafka = kafkaClients(address, options);
  const withAdmin = <Result>(work: (admin: Admin) => Promise<Result>) => lendAdmin(newKafka, work);
  const producer = createKafkaProducer(newKafka);
  const queue = createAppendQueue(producer.send, options.appendDeadlineMs ?? APPEND_DEADLINE_MS);
  return {
    append: queue.append,
    subscribe: (subscriber) => subscribeToKafka(newKafka, subscriber, options.log),
    ensureTopics: (topics) => withAdmin((admin) => createMissing(admin, topics)),
    read: (topic) => readKafkaTopic(newKafka, withAdmin, topic),
    lag: (group, topics) => withAdmin((admin) => lagOf(admin, group, topics)),
    async close() {
      await queue.drain();
      await producer.close();
    },
  };
}

/** One for each task: an admin that is shared stumbles over the topics of the others' tasks. */
async function lendAdmin<Result>(newKafka: NewKafka, work: (admin: Admin) => Promise<Result>): Promise<Result> {
  const kafka = newKafka();
  const admin = kafka.admin({ retry: RETRY });
  try {
    await admin.connect();
    return await work(admin);
  } catch (error) {
    throw nameKafkaError(error);
  } finally {
    await admin.disconnect();
  }
}

async function createMissing(admin: Admin, topics: readonly Topic[]): Promise<void> {
  const existing = new Set(await admin.listTopics());
  const missing = topics.filter(({ name }) => !existing.has(name));
  if (missing.length === 0) return;
  // Resolves to false where somebody else was quicker: then the topics are there as well.
  await admin.createTopics({
    waitForLeaders: false,
    topics: missing.map(({ name, partitions, replication = 1, config = {} }) => ({
      topic: name,
      numPartitions: partitions,
      replicationFactor: replication,
      configEntries: Object.entries(config).map(([key, value]) => ({ name: key, value })),
    })),
  });
  await untilLed(
    admin,
    missing.map(({ name }) => name),
  );
}

/** A broker hears of new topics, and that it leads them, a moment after they are made: kafkajs takes that for an error. */
async function untilLed(admin: Admin, topics: readonly string[]): Promise<void> {
  const deadline = Date.now() + LEADERS_DEADLINE_MS;
  for (const topic of topics) {
    while (!(await isLed(admin, topic))) {
      if (Date.now() > deadline) throw new AppError('unavailable', `the new topic ${topic} has no leaders`);
      await delay(LEADERS_POLL_MS);
    }
  }
}

async function isLed(admin: Admin, topic: string): Promise<boolean> {
  try {
    await admin.fetchTopicOffsets(topic);
    return true;
  } catch (error) {
    if (NOT_LED_YET.has(protocolErrorType(error) ?? '')) return false;
    throw error;
  }
}

async function lagOf(admin: Admin, groupId: string, topics: readonly string[]): Promise<bigint> {
  const committed = await admin.fetchOffsets({ groupId, topics: [...topics] });
  let lag = 0n;
  for (const { topic, partitions } of committed) {
    const positions = new Map(partitions.map(({ partition, offset }) => [partition, BigInt(offset)]));
    for (const { partition, high, low } of await admin.fetchTopicOffsets(topic)) {
      const position = positions.get(partition) ?? -1n;
      lag += BigInt(high) - (position < 0n ? BigInt(low) : position);
    }
  }
  return lag;
}
