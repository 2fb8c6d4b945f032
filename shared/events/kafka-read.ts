import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';

import type { Admin, Consumer, EachBatchPayload } from 'kafkajs';

import type { StoredRecord } from './event-log.ts';
import { nameKafkaError, RETRY, type NewKafka } from './kafka-client.ts';
import { toStoredRecord } from './kafka-record.ts';

type WithAdmin = <Result>(work: (admin: Admin) => Promise<Result>) => Promise<Result>;

const HEARTBEAT_MS = 2_000;
const RECONNECT_MS = 500;
/** In a row, with nothing read in between. */
const MOST_FAILURES = 10;

/** What is left to read of a partition. */
type Rest = { next: bigint; readonly end: bigint };

/** Reads to the offsets that were the ends at the call, as a group of its own that is gone afterwards. */
export async function* readKafkaTopic(
  newKafka: NewKafka,
  withAdmin: WithAdmin,
  topic: string,
): AsyncGenerator<StoredRecord> {
  const rests = await withAdmin((admin) => restsOf(admin, topic));
  for (let failures = 0; rests.size > 0;) {
    try {
      for await (const record of readRests(newKafka, withAdmin, topic, rests)) {
        failures = 0;
        yield record;
      }
    } catch (error) {
      failures += 1;
      if (failures > MOST_FAILURES) throw nameKafkaError(error);
      await delay(RECONNECT_MS);
    }
  }
}

async function* readRests(
  newKafka: NewKafka,
  withAdmin: WithAdmin,
  topic: string,
  rests: Map<number, Rest>,
): AsyncGenerator<StoredRecord> {
  const groupId = `read-${topic}-${randomUUID()}`;
  const kafka = newKafka();
  const consumer = kafka.consumer({ groupId, allowAutoTopicCreation: false, maxWaitTimeInMs: 200, retry: noRestart });
  const batches = createBatches(consumer, rests);
  try {
    await consumer.connect();
    await consumer.subscribe({ topics: [topic], fromBeginning: true });
    await consumer.run({ autoCommit: false, eachBatch: batches.offer });
    for (let batch = await batches.next(); batch; batch = await batches.next()) yield* batch;
  } finally {
    batches.close();
    await consumer.disconnect();
    await withAdmin((admin) => admin.deleteGroups([groupId])).catch(() => undefined);
  }
}

const noRestart = { ...RETRY, restartOnFailure: () => Promise.resolve(false) };

async function restsOf(admin: Admin, topic: string): Promise<Map<number, Rest>> {
  const offsets = await admin.fetchTopicOffsets(topic);
  const rests = offsets.map(({ partition, low, high }) => ({ partition, next: BigInt(low), end: BigInt(high) }));
  return new Map(rests.filter(({ next, end }) => next < end).map(({ partition, ...rest }) => [partition, rest]));
}

type Batches = {
  /** Resolves when the reader has taken the batch. */
  readonly offer: (payload: EachBatchPayload) => Promise<void>;
  /** `undefined` after the last batch. */
  readonly next: () => Promise<readonly StoredRecord[] | undefined>;
  readonly close: () => void;
};

/** Hands one batch at a time from the consumer to the reader, until nothing is left of any partition. */
function createBatches(consumer: Consumer, rests: Map<number, Rest>): Batches {
  const offers: { records: readonly StoredRecord[]; taken: PromiseWithResolvers<true> }[] = [];
  let failure: Error | undefined;
  let isClosed = false;
  let changed = Promise.withResolvers<void>();
  const tellReader = () => {
    changed.resolve();
    changed = Promise.withResolvers<void>();
  };

  // Also tells of batches in which there is nothing for the reader, such as a transaction's end marker.
  consumer.on(consumer.events.END_BATCH_PROCESS, ({ payload: { partition, lastOffset } }) => {
    if (!isClosed && BigInt(lastOffset) + 1n >= (rests.get(partition)?.end ?? 0n)) rests.delete(partition);
    tellReader();
  });
  consumer.on(consumer.events.CRASH, ({ payload }) => {
    failure = payload.error;
    tellReader();
  });

  return {
    offer: async ({ batch: { topic, partition, messages }, heartbeat }) => {
      const rest = rests.get(partition);
      if (rest === undefined || isClosed) return;
      const records = messages.map((message) => toStoredRecord(topic, partition, message));
      const taken = Promise.withResolvers<true>();
      offers.push({ records: records.filter(({ offset }) => offset >= rest.next && offset < rest.end), taken });
      tellReader();
      while (!(await Promise.race([taken.promise, delay(HEARTBEAT_MS, false, { ref: false })]))) await heartbeat();
    },
    next: async () => {
      while (offers.length === 0) {
        if (failure) throw failure;
        if (rests.size === 0) return undefined;
        await changed.promise;
      }
      const [offer] = offers.splice(0, 1);
      if (offer === undefined) return undefined;
      const last = offer.records.at(-1);
      const rest = last && rests.get(last.partition);
      if (rest) rest.next = last.offset + 1n;
      offer.taken.resolve(true);
      return offer.records;
    },
    close: () => {
      isClosed = true;
      for (const { taken } of offers) taken.resolve(true);
    },
  };
}
