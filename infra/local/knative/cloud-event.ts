import type { IncomingHttpHeaders } from 'node:http';
import type { LogRecord, StoredRecord } from '../../../shared/events/event-log.ts';
import { isObject, type Json, type JsonObject } from './json.ts';

/** A CloudEvent as it travels: context attributes as text, the data as bytes. */
export type CloudEvent = { attributes: Record<string, string>; data: Buffer | null };

const versions = new Set(['1.0', '0.3']);
const required = ['specversion', 'id', 'source', 'type'];
const structured = /^application\/cloudevents\+json/i;

/**
 * The event a KafkaSource delivers for a record: the CloudEvent it holds, in binary or structured mode, or else a
 * `dev.knative.kafka.event` around whatever is there.
 */
export function eventOfRecord(record: StoredRecord, source: { namespace: string; name: string }): CloudEvent {
  const { attributes, data } = readRecord(record) ?? wrapRecord(record, source);
  const position = { knativekafkapartition: String(record.partition), knativekafkaoffset: String(record.offset) };
  return { attributes: { ...attributes, ...position }, data };
}

function readRecord({ headers, value }: StoredRecord): CloudEvent | undefined {
  const contentType = headerOf(headers, 'content-type');
  if (contentType !== undefined && structured.test(contentType)) return readStructured(value);
  const attributes = Object.fromEntries(
    Object.entries(headers).flatMap(([key, text]) => (key.startsWith('ce_') ? [[key.slice(3), text]] : [])),
  );
  return validEvent({ ...attributes, ...(contentType !== undefined && { datacontenttype: contentType }) }, value);
}

function wrapRecord(record: StoredRecord, { namespace, name }: { namespace: string; name: string }): CloudEvent {
  const { topic, partition, offset, key, headers, value, timestamp } = record;
  const contentType = headerOf(headers, 'content-type');
  const kept = Object.entries(headers).filter(([header]) => header.toLowerCase() !== 'content-type');
  const attributes = {
    specversion: '1.0',
    id: `partition:${partition}/offset:${offset}`,
    source: `/apis/v1/namespaces/${namespace}/kafkasources/${name}#${topic}`,
    type: 'dev.knative.kafka.event',
    subject: `partition:${partition}#${offset}`,
    time: timestamp.toString(),
    ...(key !== null && key !== '' && { partitionkey: key, key }),
    ...Object.fromEntries(kept.map(([header, text]) => [`kafkaheader${extensionName(header)}`, text])),
    ...(contentType !== undefined && { datacontenttype: contentType.toLowerCase() }),
  };
  return { attributes, data: value };
}

function extensionName(header: string): string {
  return header.toLowerCase().replaceAll(/[^a-z0-9]/g, '');
}

function headerOf(headers: Record<string, string>, name: string): string | undefined {
  return headers[name] ?? Object.entries(headers).find(([key]) => key.toLowerCase() === name)?.[1];
}

/** The event in an HTTP request, in binary or structured mode; `undefined` where there is none. */
export function eventOfRequest(headers: IncomingHttpHeaders, body: Buffer): CloudEvent | undefined {
  const contentType = headers['content-type'];
  if (contentType !== undefined && structured.test(contentType)) return readStructured(body);
  const attributes = Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      name.startsWith('ce-') && typeof value === 'string' ? [[name.slice(3), decodeHeader(value)]] : [],
    ),
  );
  const data = body.length > 0 ? body : null;
  const typed = contentType === undefined ? {} : { datacontenttype: decodeHeader(contentType) };
  return validEvent({ ...attributes, ...typed }, data);
}

function readStructured(value: Buffer | null): CloudEvent | undefined {
  const parsed = parseJson(value);
  if (!isObject(parsed)) return undefined;
  const { data, data_base64: base64, ...context } = parsed;
  const texts = Object.fromEntries(
    Object.entries(context).flatMap(([key, attribute]) =>
      typeof attribute === 'object' ? [] : [[key, `${attribute}`] as const],
    ),
  );
  const bytes = typeof base64 === 'string' ? Buffer.from(base64, 'base64') : bytesOf(data, texts.datacontenttype);
  const contentType = texts.datacontenttype === undefined && bytes ? { datacontenttype: 'application/json' } : {};
  return validEvent({ ...texts, ...contentType }, bytes);
}

function bytesOf(data: Json | undefined, contentType: string | undefined): Buffer | null {
  if (data === undefined || data === null) return null;
  const isText = typeof data === 'string' && contentType !== undefined && !/[/+]json\b/.test(contentType);
  return Buffer.from(isText ? data : JSON.stringify(data));
}

function parseJson(value: Buffer | null): Json | undefined {
  try {
    const parsed: Json = JSON.parse(value?.toString() ?? '');
    return parsed;
  } catch {
    return undefined;
  }
}

function validEvent(attributes: Record<string, string>, data: Buffer | null): CloudEvent | undefined {
  const isWhole = required.every((name) => attributes[name] !== undefined && attributes[name] !== '');
  const isKnown = versions.has(attributes.specversion ?? '');
  const isNamed = Object.keys(attributes).every((name) => /^[a-z0-9]+$/.test(name));
  const isTimed = attributes.time === undefined || isTimestamp(attributes.time);
  const isUri = /^\S+$/.test(attributes.source ?? '');
  return isWhole && isKnown && isNamed && isTimed && isUri ? { attributes, data } : undefined;
}

/** RFC 3339. */
function isTimestamp(text: string): boolean {
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/i.test(text) && !Number.isNaN(Date.parse(text));
}

/** The headers of a request that carries the event in binary mode. */
export function headersOfEvent({ attributes }: CloudEvent): Record<string, string> {
  const headers = Object.entries(attributes).map(
    ([name, value]) => [name === 'datacontenttype' ? 'content-type' : `ce-${name}`, encodeHeader(value)] as const,
  );
  return Object.fromEntries(headers);
}

/** What a server of this takes of headers: a record may be 2 MiB (infra/kafka/topics.yaml), and `encodeHeader` writes a byte as three. */
export const mostHeaderBytes = 8 * 1024 * 1024;

/** Percent-encodes what a header cannot carry: a record's header may hold anything. */
function encodeHeader(value: string): string {
  return value.toWellFormed().replaceAll(/[^\x20-\x7e]+/g, (text) => encodeURIComponent(text));
}

function decodeHeader(value: string): string {
  return value.replaceAll(/(%[0-9a-f]{2})+/gi, (encoded) => {
    try {
      const decoded = decodeURIComponent(encoded);
      return /[^\x20-\x7e]/.test(decoded) ? decoded : encoded;
    } catch {
      return encoded;
    }
  });
}

/** The record that holds the event; its key is the event's `partitionkey`. */
export function recordOfEvent(event: CloudEvent, topic: string, mode: 'binary' | 'structured'): LogRecord {
  const key = event.attributes.partitionkey ?? null;
  return mode === 'binary' ? { topic, key, ...binaryRecord(event) } : { topic, key, ...structuredRecord(event) };
}

function binaryRecord({ attributes, data }: CloudEvent) {
  const { datacontenttype, ...rest } = attributes;
  const headers = Object.fromEntries(Object.entries(rest).map(([name, value]) => [`ce_${name}`, value]));
  return {
    headers: { ...headers, ...(datacontenttype !== undefined && { 'content-type': datacontenttype }) },
    value: data,
  };
}

function structuredRecord({ attributes, data }: CloudEvent) {
  const json = /[/+]json\b/.test(attributes.datacontenttype ?? '') ? parseJson(data) : undefined;
  const member: JsonObject = json !== undefined ? { data: json } : data ? { data_base64: data.toString('base64') } : {};
  return {
    headers: { 'content-type': 'application/cloudevents+json' },
    value: Buffer.from(JSON.stringify({ ...attributes, ...member })),
  };
}
