import type { AnyEvent } from '../../schemas/events/contract.ts';
import type { LogRecord } from './event-log.ts';

/** Encodes an event in the binary content mode of the CloudEvents Kafka protocol binding, keyed by its `partitionkey`. */
export function encodeEvent(topic: string, event: AnyEvent): LogRecord {
  const { data, datacontenttype = 'application/json', ...attributes } = event;
  const headers: Record<string, string> = { 'content-type': datacontenttype };
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined) headers[`ce_${name}`] = value;
  }
  return { topic, key: event.partitionkey ?? null, headers, value: Buffer.from(JSON.stringify(data)) };
}
