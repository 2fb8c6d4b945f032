import { z } from 'zod';

import type { EventContract } from '../../schemas/events/contract.ts';
import { LabResultSubmitted } from '../../schemas/events/lab-message.v1.ts';

const DESCRIPTION = `CloudEvents 1.0 in the binary content mode of the Kafka protocol binding. Ids and times; what is personal \
is sealed, but for \`${LabResultSubmitted.type}\`, which laboratories write.`;

/** JSON Schema 2020-12 of an event's data. */
export function dataSchema(contract: EventContract): object {
  return {
    ...z.toJSONSchema(contract.data),
    $id: contract.dataschema,
    title: contract.type,
    description: contract.summary,
  };
}

/** The AsyncAPI 3.0 document of the events that travel on the log. */
export function asyncApi(events: readonly EventContract[]): object {
  const published = events.filter((event) => event.topic !== undefined);
  const topics = [...new Set(published.map((event) => event.topic ?? ''))];
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Careflow events',
      version: '1',
      description: DESCRIPTION,
    },
    defaultContentType: 'application/json',
    channels: Object.fromEntries(topics.map((topic) => [topic, channel(topic, published)])),
    operations: Object.fromEntries(topics.map((topic) => [`receive-${topic}`, receive(topic)])),
    components: { messages: Object.fromEntries(published.map((event) => [event.type, message(event)])) },
  };
}

function channel(topic: string, events: readonly EventContract[]): object {
  const messages = events
    .filter((event) => event.topic === topic)
    .map((event) => [event.type, { $ref: `#/components/messages/${event.type}` }]);
  return { address: topic, messages: Object.fromEntries(messages) };
}

function receive(topic: string): object {
  return { action: 'receive', channel: { $ref: `#/channels/${topic}` } };
}

function message(event: EventContract): object {
  return {
    name: event.type,
    summary: event.summary,
    contentType: 'application/json',
    headers: {
      type: 'object',
      required: ['ce_specversion', 'ce_id', 'ce_source', 'ce_type', 'ce_time', 'ce_partitionkey'],
      properties: {
        ce_specversion: { const: '1.0' },
        ce_id: { type: 'string' },
        ce_source: { const: event.source },
        ce_type: { const: event.type },
        ce_subject: { type: 'string', description: "The aggregate's id" },
        ce_time: { type: 'string', format: 'date-time' },
        ce_dataschema: { const: event.dataschema },
        ce_partitionkey: { type: 'string', description: 'The ordering key' },
        ce_traceparent: { type: 'string', description: 'W3C trace context' },
      },
    },
    payload: { schemaFormat: 'application/schema+json;version=draft-2020-12', schema: dataSchema(event) },
  };
}
