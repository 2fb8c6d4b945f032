import { fileURLToPath } from 'node:url';

import { Agent } from 'undici';

import { systemClock } from '../../../infra/local/knative/clock.ts';
import { type Source, startKafkaSource } from '../../../infra/local/knative/kafka-source.ts';
import { renderKustomization } from '../../../infra/local/knative/kustomize.ts';
import { parseResources } from '../../../infra/local/knative/resources.ts';
import { readTopics } from '../../../infra/local/services/topics.ts';
import type { EventLog } from '../../../shared/events/event-log.ts';
import { openEventLog } from '../../../shared/events/open-event-log.ts';
import { type OpenedFunction, openFunction, openRealWorld, type RealWorld } from '../../functions/real-functions.ts';

const OVERLAY = fileURLToPath(new URL('../../../knative/overlays/local', import.meta.url));

/** The homekit function at an address, fed from the event log by its own KafkaSource. */
export type Home = {
  readonly world: RealWorld;
  readonly gateway: string;
  /** The types of the events that were told of a device. */
  told(deviceId: string): Promise<string[]>;
  close(): Promise<void>;
};

export async function openHome(): Promise<Home> {
  const world = await openRealWorld();
  const eventLog = openEventLog(world.environment['EVENT_LOG_URL'] ?? '', { clientId: 'test' });
  await eventLog.ensureTopics(await readTopics({ brokers: 1 }));
  const fn = await openFunction(world, 'homekit');
  const gateway = await fn.app.listen({ port: 0, host: '127.0.0.1' });
  const dispatcher = new Agent();
  const source = await startSource(eventLog, gateway, dispatcher);
  return {
    world,
    gateway,
    told: (deviceId) => typesOf(eventLog, deviceId),
    close: () => closeAll(source, fn, eventLog, dispatcher, world),
  };
}

async function startSource(eventLog: EventLog, gateway: string, dispatcher: Agent): Promise<Source> {
  const { kafkaSources } = parseResources(await renderKustomization(OVERLAY));
  const source = kafkaSources.find(({ metadata }) => metadata.name === 'homekit');
  if (source === undefined) throw new Error('homekit has no KafkaSource');
  const resolve = () => `${gateway}/events`;
  return startKafkaSource(source, { eventLog, dispatcher, resolve, clock: systemClock, log: () => undefined });
}

async function typesOf(eventLog: EventLog, deviceId: string): Promise<string[]> {
  const types: string[] = [];
  for await (const { headers } of eventLog.read('homekit-events')) {
    if (headers['ce_subject'] === deviceId && headers['ce_type']) types.push(headers['ce_type']);
  }
  return types;
}

async function closeAll(source: Source, fn: OpenedFunction, eventLog: EventLog, dispatcher: Agent, world: RealWorld) {
  await source.stop();
  await fn.close();
  await eventLog.close();
  await dispatcher.close();
  await world.close();
}
