import type { Dispatcher } from 'undici';
import type { EventLog, StoredRecord, Subscription } from '../../../shared/events/event-log.ts';
import { type Clock, pause } from './clock.ts';
import { eventOfRecord } from './cloud-event.ts';
import { deadLetterOf, deliver } from './delivery.ts';
import { defaultDelivery, type Destination } from './delivery-spec.ts';
import type { KafkaSource } from './resources.ts';

export type SourceOptions = {
  dispatcher: Dispatcher;
  /** The address a sink stands for. */
  resolve: (sink: Destination) => string;
  clock: Clock;
  log: (line: string) => void;
};

export type Source = { stop: () => Promise<void> };

/** `max.poll.records` of the data plane: what one consumer of an unordered source has under way. */
const unorderedInFlight = 50;
const resubscribeMs = 1000;

/** Plays a KafkaSource: one consumer group that posts each record to the sink, and what fails to the dead letters. */
export async function startKafkaSource(
  source: KafkaSource,
  options: SourceOptions & { eventLog: EventLog },
): Promise<Source> {
  const { eventLog, clock, log } = options;
  const { spec } = source;
  const isOrdered = spec.ordering === 'ordered';
  const onRecord = createDelivery(source, options);
  const limit = createLimit(isOrdered ? Infinity : unorderedInFlight * spec.consumers);
  const subscribe = () =>
    eventLog.subscribe({
      group: spec.consumerGroup,
      topics: spec.topics,
      initialOffset: spec.initialOffset,
      inFlightPerPartition: isOrdered ? 1 : unorderedInFlight,
      onRecord: (record, signal) => limit(() => onRecord(record, signal)),
    });
  if (spec.consumers === 0) return { stop: () => Promise.resolve() };
  return keepSubscribed(subscribe, clock, log);
}

function createDelivery({ metadata, spec }: KafkaSource, { dispatcher, resolve, clock, log }: SourceOptions) {
  const delivery = spec.delivery ?? defaultDelivery;
  const { deadLetterSink } = delivery;
  const headers = { prefer: 'reply', 'kn-namespace': metadata.namespace };
  const shared = { dispatcher, spec: delivery, clock, headers };
  return async (record: StoredRecord, signal: AbortSignal): Promise<void> => {
    const url = resolve(spec.sink);
    const read = eventOfRecord(record, metadata);
    const event = { ...read, attributes: { ...read.attributes, ...spec.ceOverrides?.extensions } };
    const failure = await deliver(event, { ...shared, url }, signal);
    if (!failure) return;
    const place = `${record.topic} partition ${record.partition} offset ${record.offset}: ${failure.reason}`;
    if (!deadLetterSink) return log(`dropped, for want of a dead letter sink: ${place}`);
    const dead = deadLetterOf(event, url, failure);
    const second = await deliver(dead, { ...shared, url: resolve(deadLetterSink) }, signal);
    log(second ? `dropped, as the dead letter sink fails (${second.reason}): ${place}` : `dead-lettered: ${place}`);
  };
}

/** Subscribes again when a subscription has failed, as a cluster starts a dispatcher anew. */
async function keepSubscribed(subscribe: () => Promise<Subscription>, clock: Clock, log: (line: string) => void) {
  const stopping = new AbortController();
  let current = await subscribe();
  let renewal: Promise<void> | undefined;

  const renew = async (): Promise<void> => {
    try {
      await pause(clock, resubscribeMs, stopping.signal);
      current = await subscribe();
      void watch();
    } catch (error) {
      if (stopping.signal.aborted) return;
      log(`could not subscribe again: ${error instanceof Error ? error.message : String(error)}`);
      await renew();
    }
  };
  const watch = async (): Promise<void> => {
    const error = await current.failed;
    if (stopping.signal.aborted) return;
    log(`subscription failed: ${error.message}`);
    renewal = renew();
  };
  void watch();
  return {
    async stop() {
      stopping.abort(new Error('stopping'));
      await renewal;
      await current.stop();
    },
  };
}

/** Runs at most so many pieces of work at a time; the rest waits its turn. */
function createLimit(most: number) {
  let running = 0;
  const waiting: (() => void)[] = [];
  return async (work: () => Promise<void>): Promise<void> => {
    if (running >= most) await new Promise<void>((resolve) => waiting.push(resolve));
    else running += 1;
    try {
      await work();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else running -= 1;
    }
  };
}
