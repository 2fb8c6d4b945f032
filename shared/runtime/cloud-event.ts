import type { IncomingHttpHeaders } from 'node:http';

import { CloudEvent, HTTP } from 'cloudevents';
import { z } from 'zod';

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

const attributeText = z.string().min(1).max(1024);

/** The SDK makes up an id, a time and a version where they are missing or garbage, so they are checked before it. */
const Attributes = z.object({
  specversion: z.literal('1.0'),
  id: attributeText,
  source: attributeText,
  type: attributeText,
  time: Instant,
  subject: attributeText.optional(),
  datacontenttype: attributeText.optional(),
  dataschema: attributeText.optional(),
  partitionkey: attributeText.optional(),
  traceparent: z.string().optional(),
});

/** A CloudEvent 1.0 whose attributes are valid and whose data nobody has looked at. */
export type Envelope = z.infer<typeof Attributes> & { readonly data: unknown };

const eventMediaType = 'application/cloudevents+json';
const batchMediaType = 'application/cloudevents-batch+json';

/**
 * The events of a message in binary, structured or batch mode (CloudEvents HTTP binding), each parsed when it is
 * asked for, so that one bad event of a batch leaves the others alone. Throws `EventRefused`.
 */
export function readMessage(headers: IncomingHttpHeaders, body: string): readonly (() => Envelope)[] {
  const mediaType = (headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase();
  if (mediaType === batchMediaType) {
    const events = parseJson(body);
    if (!Array.isArray(events)) throw new EventRefused('not-an-event');
    return events.map((event: unknown) => () => fromStructured(event));
  }
  if (mediaType === eventMediaType) return [() => fromStructured(parseJson(body))];
  return [() => fromBinary(headers, mediaType, body)];
}

function fromBinary(headers: IncomingHttpHeaders, mediaType: string | undefined, body: string): Envelope {
  const attributes: Record<string, unknown> = {};
  for (const name in headers) if (name.startsWith('ce-')) attributes[name.slice(3)] = headers[name];
  if (Object.keys(attributes).length === 0) throw new EventRefused('not-an-event');
  if (mediaType) attributes['datacontenttype'] = mediaType;
  const checked = checkAttributes(attributes);
  validate(headers, undefined);
  return { ...checked, data: dataOf(body, mediaType) };
}

function fromStructured(event: unknown): Envelope {
  if (typeof event !== 'object' || event === null || Array.isArray(event)) throw new EventRefused('not-an-event');
  const { data, data_base64: base64, ...given }: Record<string, unknown> = { ...event };
  // An attribute that is null is one that is not set (CloudEvents JSON format, section 2.2).
  const attributes = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== null));
  const checked = checkAttributes(attributes);
  validate({ 'content-type': eventMediaType }, attributes);
  if (typeof base64 !== 'string') return { ...checked, data };
  return { ...checked, data: dataOf(Buffer.from(base64, 'base64').toString(), checked.datacontenttype) };
}

function checkAttributes(attributes: Readonly<Record<string, unknown>>): z.infer<typeof Attributes> {
  const checked = Attributes.safeParse(attributes);
  if (checked.success) return checked.data;
  // Attribute names are ours to tell: the path's first step is a key of the schema.
  throw new EventRefused('invalid-attribute', [
    ...new Set(checked.error.issues.map(({ path }) => `/${String(path[0])}`)),
  ]);
}

/** The SDK's checks on top of ours: source and dataschema as URIs, names of extensions. */
function validate(headers: IncomingHttpHeaders, body: unknown): void {
  let valid;
  try {
    const event = HTTP.toEvent({ headers, body });
    valid = event instanceof CloudEvent && event.validate();
  } catch {
    valid = false;
  }
  if (!valid) throw new EventRefused('invalid-attribute');
}

/** Undefined where there is none: a tombstone. */
function dataOf(body: string, mediaType = 'application/json'): unknown {
  if (body === '') return undefined;
  return /[/+]json$/.test(mediaType) ? parseJson(body) : body;
}

/** The parser's own message quotes the text, so it is dropped. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new EventRefused('not-json');
  }
}
