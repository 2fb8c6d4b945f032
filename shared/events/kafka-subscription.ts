import { setTimeout as delay } from 'node:timers/promises';

import type { Consumer, EachBatchHandler } from 'kafkajs';
import type { Logger } from 'pino';

import type { Subscriber, Subscription } from './event-log.ts';
import { RETRY, type NewKafka } from './kafka-client.ts';
import { createKafkaFeeds, type CommitOffsets, type KafkaFeeds } from './kafka-feeds.ts';
import { keepSubscribed, pause, type SubscriptionRun } from './keep-subscribed.ts';

const COMMIT_MS = 5_000;
const RECONNECT_MS = 500;
const DISCONNECT_DEADLINE_MS = 5_000;

/** Batches that may wait side by side for room in their partitions' queues. */
const CONCURRENT_BATCHES = 32;

/** A member that was killed is missed after `sessionTimeout`: until then its partitions wait. */
const CONSUMER = {
  sessionTimeout: 10_000,
  heartbeatInterval: 2_000,
  rebalanceTimeout: 15_000,
  maxWaitTimeInMs: 500,
  maxBytesPerPartition: 1024 * 1024,
  allowAutoTopicCreation: false,
  // A consumer that crashed is replaced by a new one: kafkajs would restart it after some errors only.
  retry: { ...RETRY, restartOnFailure: () => Promise.resolve(false) },
};

/**
 * Joins the group and stays in it: a consumer that loses its broker is replaced, and goes on with the records it has under
 * way where their partitions are still its own.
 *
 * kafkajs fetches again only when every batch is dealt with, so no record is handled inside its `eachBatch`: batches go
 * to the partitions' own queues, a full one pauses its partition, and the fetches go on sending heartbeats.
 */
export async function subscribeToKafka(
  newKafka: NewKafka,
  subscriber: Subscriber,
  log: Logger | undefined,
): Promise<Subscription> {
  return keepSubscribed(subscriber.group, async (subscription) => {
    const { signal } = subscription;
    const feeds = createKafkaFeeds(subscriber, subscription.fail);
    signal.addEventListener('abort', feeds.abort);
    while (!signal.aborted) {
      const failure = await runConsumer(newKafka, subscriber, feeds, subscription);
      if (!failure) continue;
      log?.warn({ err: failure, group: subscriber.group }, 'the consumer lost Kafka and joins again');
      await pause(RECONNECT_MS, signal);
    }
    await feeds.idle();
  });
}

/** Resolves when the subscription has stopped, or to the error that ended the consumer. */
async function runConsumer(
  newKafka: NewKafka,
  subscriber: Subscriber,
  feeds: KafkaFeeds,
  { signal, joined }: SubscriptionRun,
): Promise<unknown> {
  const kafka = newKafka();
  const consumer = kafka.consumer({ ...CONSUMER, groupId: subscriber.group });
  const { CRASH, FETCH, GROUP_JOIN, REBALANCING } = consumer.events;
  let commit: CommitOffsets | undefined;
  // Where a commit fails the group is changing, and the next one says it again, or the partition is lost.
  const commitDone = async () => commit && feeds.commitDone(commit).catch(() => undefined);
  const crashed = new Promise<Error>((resolve) => consumer.on(CRASH, ({ payload }) => resolve(payload.error)));
  consumer.on(GROUP_JOIN, ({ payload }) => feeds.assign(payload.memberAssignment));
  consumer.on(REBALANCING, () => {
    feeds.hold();
    void commitDone();
  });
  // The first fetch has looked up where each partition begins.
  consumer.on(FETCH, joined);
  const timer = setInterval(() => void commitDone(), COMMIT_MS);
  try {
    await start(consumer, subscriber, async (payload) => {
      commit = payload.commitOffsetsIfNecessary;
      await feeds.offer(payload);
    });
    const failure = await Promise.race([crashed, untilAborted(signal)]);
    if (failure) return failure;
    await feeds.idle();
    await commitDone();
    return undefined;
  } catch (error) {
    return error;
  } finally {
    clearInterval(timer);
    await disconnect(consumer);
  }
}

async function start(consumer: Consumer, subscriber: Subscriber, eachBatch: EachBatchHandler): Promise<void> {
  await consumer.connect();
  await consumer.subscribe({ topics: subscriber.topics, fromBeginning: subscriber.initialOffset === 'earliest' });
  await consumer.run({ autoCommit: false, partitionsConsumedConcurrently: CONCURRENT_BATCHES, eachBatch });
}

async function untilAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
}

/** kafkajs may wait for ever for a broker that is gone. */
async function disconnect(consumer: Consumer): Promise<void> {
  const gone = consumer.disconnect().catch(() => undefined);
  await Promise.race([gone, delay(DISCONNECT_DEADLINE_MS, undefined, { ref: false })]);
}
