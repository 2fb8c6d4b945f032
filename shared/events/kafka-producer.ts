import { Partitioners, type Producer } from 'kafkajs';

import type { SendRecords } from './append-queue.ts';
import { createIdleClient } from './idle-client.ts';
import { nameKafkaError, RETRY, type NewKafka } from './kafka-client.ts';
import { toMessage } from './kafka-record.ts';

export type KafkaProducer = {
  readonly send: SendRecords;
  readonly close: () => Promise<void>;
};

const IDLE_MS = 15_000;

/** A producer that fails is replaced: kafkajs may have lost count of its sequence. */
export function createKafkaProducer(newKafka: NewKafka): KafkaProducer {
  const producers = createIdleClient(
    () => connectProducer(newKafka),
    (producer) => producer.disconnect(),
    IDLE_MS,
  );
  return {
    async send(records) {
      const byTopic = [...Map.groupBy(records, ({ topic }) => topic)];
      const topicMessages = byTopic.map(([topic, each]) => ({ topic, messages: each.map(toMessage) }));
      try {
        await producers.use((producer) => producer.sendBatch({ acks: -1, topicMessages }));
      } catch (error) {
        throw nameKafkaError(error);
      }
    },
    close: producers.close,
  };
}

async function connectProducer(newKafka: NewKafka): Promise<Producer> {
  const kafka = newKafka();
  const producer = kafka.producer({
    idempotent: true,
    maxInFlightRequests: 1,
    allowAutoTopicCreation: false,
    createPartitioner: Partitioners.DefaultPartitioner,
    retry: RETRY,
  });
  await producer.connect();
  return producer;
}
