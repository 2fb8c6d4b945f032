import type { LogRecord, StoredRecord } from '../../shared/events/event-log.ts';
import { events } from '../contracts/contracts.ts';
import { type CloudEvent, eventOfRecord, recordOfEvent } from '../local/knative/cloud-event.ts';
import { failureOf, type Failure } from './failure.ts';

export type DeadLetter = {
  /** Where it lies: `topic/partition/offset`. */
  readonly position: string;
  readonly id: string;
  readonly source: string;
  readonly type: string;
  /** When it was put with the dead letters. */
  readonly diedAt: Temporal.Instant;
  /** The topic it was delivered from, where that can be told. */
  readonly topic: string | undefined;
  readonly failure: Failure;
  /** As it was before its delivery. */
  readonly event: CloudEvent;
};

/** KafkaSource's type for a record that is no CloudEvent. */
const FOREIGN = 'dev.knative.kafka.event';
/** What delivery added: the failure, and the place of the record in its topic. */
const ADDED = /^knative(error|kafka)/;

const topicByType = new Map(events.flatMap(({ type, topic }) => (topic === undefined ? [] : [[type, topic] as const])));

export function readDeadLetter(record: StoredRecord): DeadLetter {
  const { attributes, data } = eventOfRecord(record, { namespace: 'unknown', name: 'unknown' });
  const own = Object.fromEntries(Object.entries(attributes).filter(([name]) => !ADDED.test(name)));
  const { id = '', source = '', type = '' } = own;
  const from = topicOf(type, source);
  return {
    position: `${record.topic}/${record.partition}/${record.offset}`,
    id,
    source,
    type,
    diedAt: record.timestamp,
    // A record among the dead letters that is no event did not come through a delivery.
    topic: from === record.topic ? undefined : from,
    failure: failureOf(attributes),
    event: { attributes: own, data },
  };
}

/** By the event's contract; for a foreign record, by the source that Knative gives it: `.../kafkasources/<name>#<topic>`. */
function topicOf(type: string, source: string): string | undefined {
  if (type !== FOREIGN) return topicByType.get(type);
  const topic = source.split('#').at(-1);
  return source.includes('#') && topic !== '' ? topic : undefined;
}

/** The record that was delivered, for its topic: the event under its key, or the foreign record that was wrapped. */
export function originalRecord({ type, event }: DeadLetter, topic: string): LogRecord {
  return type === FOREIGN ? unwrapped(event, topic) : recordOfEvent(event, topic, 'binary');
}

/** Header names come back in lower case and without signs, as wrapping left them. */
function unwrapped({ attributes, data }: CloudEvent, topic: string): LogRecord {
  const prefix = 'kafkaheader';
  const headers = Object.entries(attributes).flatMap(([name, value]) =>
    name.startsWith(prefix) ? [[name.slice(prefix.length), value] as const] : [],
  );
  const { datacontenttype: contentType, key, partitionkey } = attributes;
  return {
    topic,
    key: key ?? partitionkey ?? null,
    headers: { ...Object.fromEntries(headers), ...(contentType !== undefined && { 'content-type': contentType }) },
    value: data,
  };
}
