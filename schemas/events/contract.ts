import * as z from 'zod';

/** What an event promises: its CloudEvents attributes and its data. One contract per type and version. */
export type EventContract<Type extends string = string, Data extends z.ZodType = z.ZodType> = {
  readonly type: Type;
  /** The CloudEvents `source`; absent where the producer is not ours. */
  readonly source?: string;
  /** The topic the event is published to; absent where it does not come through the event log. */
  readonly topic?: string;
  readonly summary: string;
  readonly dataschema: string;
  readonly data: Data;
};

/** A CloudEvent 1.0 whose data has been checked against its contract. */
export type EventOf<Contract extends EventContract> = {
  readonly specversion: '1.0';
  readonly id: string;
  readonly source: string;
  readonly type: Contract['type'];
  /** The aggregate's id. */
  readonly subject?: string | undefined;
  /** RFC 3339. */
  readonly time: string;
  readonly datacontenttype?: string | undefined;
  readonly dataschema?: string | undefined;
  /** The ordering key: events with the same key stay in order. */
  readonly partitionkey?: string | undefined;
  /** W3C trace context of the request or event that caused this one. */
  readonly traceparent?: string | undefined;
  readonly data: z.infer<Contract['data']>;
};

/** Any of our events as it is written to the log. */
export type AnyEvent = EventOf<EventContract>;

type Definition = Omit<EventContract, 'dataschema'>;

export function eventContract<const Contract extends Definition>(definition: Contract) {
  return { ...definition, dataschema: `urn:careflow:event:${definition.type}` };
}
