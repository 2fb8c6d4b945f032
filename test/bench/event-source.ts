import { randomUUID } from 'node:crypto';

import { Agent } from 'undici';

import { systemClock } from '../../infra/local/knative/clock.ts';
import { startKafkaSource, type Source } from '../../infra/local/knative/kafka-source.ts';
import { parseManifests } from '../../infra/local/knative/kustomize.ts';
import { parseResources } from '../../infra/local/knative/resources.ts';
import type { EventLog } from '../../shared/events/event-log.ts';
import type { Servers } from './servers.ts';

type SourceOptions = {
  readonly topic: string;
  /** Where the events go. */
  readonly url: string;
  readonly ordering: 'ordered' | 'unordered';
};

/** A KafkaSource of a consumer group of its own, as the local Knative plays it. */
export async function startSource(
  { kafka }: Servers,
  eventLog: EventLog,
  { topic, url, ordering }: SourceOptions,
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
