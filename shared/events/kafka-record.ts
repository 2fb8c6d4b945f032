import type { IHeaders, KafkaMessage, Message } from 'kafkajs';

import type { LogRecord, StoredRecord } from './event-log.ts';

/** Header values are handed over as bytes: kafkajs refuses numbers and garbles what it cannot encode. */
export function toMessage({ key, value, headers }: LogRecord): Message {
  return {
    key,
    value,
    headers: Object.fromEntries(Object.entries(headers).map(([name, text]) => [name, Buffer.from(text)])),
  };
}

export function toStoredRecord(topic: string, partition: number, message: KafkaMessage): StoredRecord {
  return {
    topic,
    partition,
    offset: BigInt(message.offset),
    timestamp: Temporal.Instant.fromEpochMilliseconds(Number(message.timestamp)),
    key: message.key?.toString() ?? null,
    value: message.value,
    headers: toText(message.headers ?? {}),
  };
}

/** Of a header given more than once the last one counts. */
function toText(headers: IHeaders): Record<string, string> {
  const text: Record<string, string> = {};
  for (const [name, given] of Object.entries(headers)) {
    const value = Array.isArray(given) ? given.at(-1) : given;
    if (value !== undefined) text[name] = value.toString();
  }
  return text;
}
