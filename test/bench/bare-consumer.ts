import { randomUUID } from 'node:crypto';

import { type Consumer, Kafka, logLevel } from 'kafkajs';
import { Agent } from 'undici';

import type { Servers } from './servers.ts';

export const PARTITIONS = 12;
const IN_FLIGHT = 50;

export function kafkaOf({ kafka }: Servers): Kafka {
  return new Kafka({ clientId: 'bench', brokers: [new URL(kafka.url).host], logLevel: logLevel.NOTHING });
}

export async function subscribe(kafka: Kafka, topic: string): Promise<Consumer> {
  const consumer = kafka.consumer({ groupId: randomUUID(), maxWaitTimeInMs: 500 });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  return consumer;
}

/** A consumer that posts what it fetches, so many at a time. */
export async function postEach(
  servers: Servers,
  topic: string,
  url: string,
): Promise<{ stop: () => Promise<unknown> }> {
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
