import { Agent } from 'undici';
import type { EventLog } from '../../../shared/events/event-log.ts';
import { endsWithin, systemClock } from './clock.ts';
import type { Destination } from './delivery-spec.ts';
import type { Values } from './environment.ts';
import { type KafkaSinks, startKafkaSinks } from './kafka-sink.ts';
import { type Source, type SourceOptions, startKafkaSource } from './kafka-source.ts';
import type { Manifest } from './kustomize.ts';
import { startPingSource } from './ping-source.ts';
import { parseResources, type Resources } from './resources.ts';
import { type Serving, type ServingOptions, startServing } from './serving.ts';
import { mustBeFulfilled } from './settled.ts';

export type KnativeOptions = Omit<ServingOptions, 'log'> & {
  eventLog: EventLog;
  /** `source` is the name of a Service, KafkaSource or PingSource. */
  log: (source: string, line: string) => void;
};

export type Knative = Pick<Serving, 'handle' | 'url' | 'scaledToZero'> & {
  /** Stops the sources, then lets the services drain; a second call waits for the first. */
  stop: () => Promise<void>;
};

const sourceGraceMs = 60_000;

/**
 * Plays Knative for the manifests: Serving, KafkaSource, KafkaSink and PingSource. Throws `invalid-input` for what Knative
 * refuses. What was started is stopped again when a later part cannot start.
 */
export async function startKnative(manifests: readonly Manifest[], options: KnativeOptions): Promise<Knative> {
  const resources = parseResources(manifests);
  const serving = await startServing(resources.services, {
    ...options,
    values: withConfigMaps(resources, options.values),
  });
  const sinks = await startKafkaSinks(resources.kafkaSinks, options.eventLog);
  const dispatcher = new Agent();
  const clock = options.clock ?? systemClock;
  const sources: Source[] = [];
  const stop = once(async () => {
    // One that cannot take its leave, its event log being away, keeps nobody else.
    const sourcesStopped = Promise.allSettled(sources.map((source) => source.stop()));
    // A source waits for what it has delivered; a function that does not answer is stopped, which ends the wait.
    await endsWithin(clock, options.graceMs ?? sourceGraceMs, sourcesStopped);
    await serving.stop();
    const outcomes = await sourcesStopped;
    await dispatcher.close();
    await sinks.stop();
    mustBeFulfilled(outcomes);
  });
  const resolve = (sink: Destination) => addressOf(sink, serving, sinks);
  try {
    await startSources(resources, options, { dispatcher, resolve, clock }, sources);
  } catch (error) {
    await stop();
    throw error;
  }
  const { handle, url, scaledToZero } = serving;
  return { handle, url, scaledToZero, stop };
}

function once(work: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | undefined;
  return () => (done ??= work());
}

/** What is given counts before what a manifest says. */
function withConfigMaps({ configMaps }: Resources, values: Values): Values {
  const names = new Set([...configMaps.map(({ metadata }) => metadata.name), ...Object.keys(values.configMaps)]);
  const merged = [...names].map((name) => {
    const written = configMaps.find(({ metadata }) => metadata.name === name)?.data;
    return [name, { ...written, ...values.configMaps[name] }] as const;
  });
  return { ...values, configMaps: Object.fromEntries(merged) };
}

async function startSources(
  { pingSources, kafkaSources }: Resources,
  { eventLog, log }: KnativeOptions,
  shared: Omit<SourceOptions, 'log'>,
  started: Source[],
): Promise<void> {
  const logOf = (name: string) => (line: string) => log(name, line);
  for (const source of pingSources) {
    started.push(startPingSource(source, { ...shared, log: logOf(source.metadata.name) }));
  }
  const starts = kafkaSources.map(async (source) => {
    started.push(await startKafkaSource(source, { ...shared, eventLog, log: logOf(source.metadata.name) }));
  });
  mustBeFulfilled(await Promise.allSettled(starts));
}

function addressOf({ ref, uri = '' }: Destination, serving: Serving, sinks: KafkaSinks): string {
  if (!ref) return uri;
  return new URL(uri, ref.kind === 'Service' ? serving.url(ref.name) : sinks.url(ref.name)).href;
}
