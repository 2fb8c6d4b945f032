import type { IncomingHttpHeaders } from 'node:http';

import { CloudEvent } from 'cloudevents';

import type { EventContract, EventOf } from '../../schemas/events/contract.ts';
import { Instant } from '../../schemas/fields.ts';

/** Why an event is refused for good: what a dead letter is read by. */
export type Refusal =
  | 'not-an-event'
  | 'not-json'
  | 'invalid-attribute'
  | 'tombstone'
  | 'foreign-record'
  | 'unknown-type'
  | 'wrong-source'
  | 'invalid-data';

/** An event that cannot be taken. `paths` are JSON Pointers into it; no value of it is kept. */
export class EventRefused extends Error {
  readonly reason: Refusal;
  readonly paths: readonly string[];

  constructor(reason: Refusal, paths: readonly string[] = []) {
    super(`An event was refused: ${reason}`);
    this.name = 'EventRefused';
    this.reason = reason;
    this.paths = paths;
  }
}

type Attributes = Omit<EventOf<EventContract>, 'data'>;

/** A CloudEvent 1.0 whose attributes are valid and whose data nobody has looked at. */
export type Envelope = Attributes & { readonly data: unknown };

/**
 * KafkaSource's type for a record that is no CloudEvent, or only half of one. Its data is bytes, whatever it says it is: in
 * base64, as JSON has them (CloudEvents JSON format, section 3.1.1), for only who reads them knows their character set.
 */
export const foreignRecordType = 'dev.knative.kafka.event';

const eventMediaType = 'application/cloudevents+json';
const batchMediaType = 'application/cloudevents-batch+json';

/**
 * The events of a message in binary, structured or batch mode (CloudEvents HTTP binding), each parsed when it is
 * asked for, so that one bad event of a batch leaves the others alone. Throws `EventRefused`.
 */
export function readMessage(headers: IncomingHttpHeaders, body: Buffer): readonly (() => Envelope)[] {
  const mediaType = (headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase();
  if (mediaType === batchMediaType) {
    const events = parseJson(body.toString());
    if (!Array.isArray(events)) throw new EventRefused('not-an-event');
    return events.map((event: unknown) => () => fromStructured(event));
  }
  if (mediaType === eventMediaType) return [() => fromStructured(parseJson(body.toString()))];
  return [() => fromBinary(headers, mediaType, body)];
}

function fromBinary(headers: IncomingHttpHeaders, mediaType: string | undefined, body: Buffer): Envelope {
  const attributes: Record<string, unknown> = {};
  for (const name in headers) if (name.startsWith('ce-')) attributes[name.slice(3)] = headers[name];
  if (Object.keys(attributes).length === 0) throw new EventRefused('not-an-event');
  if (mediaType) attributes['datacontenttype'] = mediaType;
  const checked = checkAttributes(attributes);
  return { ...checked, data: dataOf(body, checked.type, mediaType) };
}

function fromStructured(event: unknown): Envelope {
  if (typeof event !== 'object' || event === null || Array.isArray(event)) throw new EventRefused('not-an-event');
  const { data, data_base64: base64, ...given }: Record<string, unknown> = { ...event };
  // An attribute that is null is one that is not set (CloudEvents JSON format, section 2.2).
  const attributes = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== null));
  const checked = checkAttributes(attributes);
  const { type, datacontenttype } = checked;
  if (typeof base64 === 'string') {
    return { ...checked, data: dataOf(Buffer.from(base64, 'base64'), type, datacontenttype) };
  }
  const isText = type === foreignRecordType && typeof data === 'string';
  return { ...checked, data: isText ? dataOf(Buffer.from(data), type) : data };
}

type Given = Readonly<Record<string, unknown>>;

/** The SDK makes up an id, a time and a version where they are missing or garbage, so they are checked before it. */
function checkAttributes(given: Given): Attributes {
  const faults = attributeFaults(given);
  if (faults.length === 0 && isAttributes(given)) return pickAttributes(given);
  throw new EventRefused('invalid-attribute', faults);
}

const required = ['id', 'source', 'type'] as const;
const optional = ['subject', 'datacontenttype', 'dataschema', 'partitionkey', 'traceparent'] as const;
const mostLength = 1024;
/** No control characters and no half surrogate pairs (CloudEvents type system, String): no database keeps U+0000. */
const plainText = /^[^\p{Cc}\p{Cs}]+$/u;

function attributeFaults(given: Given): string[] {
  const faults: string[] = [];
  if (given['specversion'] !== '1.0') faults.push('/specversion');
  for (const name of required) if (!isText(given[name])) faults.push(`/${name}`);
  for (const name of optional) if (given[name] !== undefined && !isText(given[name])) faults.push(`/${name}`);
  if (!Instant.safeParse(given['time']).success) faults.push('/time');
  return faults;
}

function isText(value: unknown): boolean {
  return typeof value === 'string' && value.length <= mostLength && plainText.test(value);
}

const knownKinds = new Set<string>();
const mostKinds = 1000;

/**
 * The SDK's checks on top of ours: source and dataschema as URIs, the names of extensions. Nothing else decides them
 * once ours have passed, so each kind of event is checked once.
 */
function isAttributes(given: Given): given is Attributes {
  const kind = JSON.stringify([given['source'], given['dataschema'], Object.keys(given)]);
  if (knownKinds.has(kind)) return true;
  if (!isCloudEvent(given)) return false;
  if (knownKinds.size >= mostKinds) knownKinds.clear();
  knownKinds.add(kind);
  return true;
}

function isCloudEvent(given: Given): boolean {
  try {
    return new CloudEvent(given, false).validate();
  } catch {
    return false;
  }
}

/** What the contracts of events speak of; other extensions are the transport's. */
function pickAttributes(given: Attributes): Attributes {
  const { specversion, id, source, type, time, subject, datacontenttype, dataschema, partitionkey, traceparent } =
    given;
  return { specversion, id, source, type, time, subject, datacontenttype, dataschema, partitionkey, traceparent };
}

/** Undefined where there is none: a tombstone. */
function dataOf(body: Buffer, type: string, mediaType = 'application/json'): unknown {
  if (body.length === 0) return undefined;
  if (type === foreignRecordType) return body.toString('base64');
  return /[/+]json$/.test(mediaType) ? parseJson(body.toString()) : body.toString();
}

/** The parser's own message quotes the text, so it is dropped. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new EventRefused('not-json');
  }
}
