import { readFile } from 'node:fs/promises';

import { parseAllDocuments } from 'yaml';
import { z } from 'zod';

import type { Topic } from '../../../shared/events/event-log.ts';

const TOPICS = new URL('../../kafka/topics.yaml', import.meta.url);

const KafkaTopic = z.object({
  apiVersion: z.literal('kafka.strimzi.io/v1'),
  kind: z.literal('KafkaTopic'),
  metadata: z.object({ name: z.string(), labels: z.record(z.string(), z.string()) }),
  spec: z.object({
    topicName: z.string().optional(),
    partitions: z.int().positive(),
    replicas: z.int().positive(),
    config: z.record(z.string(), z.union([z.string(), z.number()])).default({}),
  }),
});

/** The topics of infra/kafka/topics.yaml, for a cluster of so many brokers. */
export async function readTopics({ brokers }: { brokers: number }): Promise<Topic[]> {
  const documents = parseAllDocuments(await readFile(TOPICS, 'utf8'));
  return documents.map((document) => toTopic(KafkaTopic.parse(document.toJS()), brokers));
}

function toTopic({ metadata, spec }: z.infer<typeof KafkaTopic>, brokers: number): Topic {
  const replication = Math.min(spec.replicas, brokers);
  const config = Object.fromEntries(Object.entries(spec.config).map(([name, value]) => [name, String(value)]));
  const inSync = Math.min(Number(config['min.insync.replicas'] ?? 1), replication);
  return {
    name: spec.topicName ?? metadata.name,
    partitions: spec.partitions,
    replication,
    config: { ...config, 'min.insync.replicas': String(inSync) },
  };
}
