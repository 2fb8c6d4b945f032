import { randomUUID } from 'node:crypto';

import { BookingCreated } from '../../../schemas/events/booking.v1.ts';
import type { AnyEvent } from '../../../schemas/events/contract.ts';
import { encodeEvent } from '../../../shared/events/encode.ts';
import type { EventLog, LogRecord, StoredRecord } from '../../../shared/events/event-log.ts';
import { deadLetterOf, type Failure } from '../../../infra/local/knative/delivery.ts';
import { eventOfRecord, recordOfEvent } from '../../../infra/local/knative/cloud-event.ts';

/** An event of a booking; its data is nobody's business. */
export function bookingEvent(): AnyEvent {
  const practitionerId = randomUUID();
  return {
    specversion: '1.0',
    id: randomUUID(),
    source: BookingCreated.source,
    type: BookingCreated.type,
    subject: randomUUID(),
    time: '2031-03-03T09:00:00Z',
    datacontenttype: 'application/json',
    dataschema: BookingCreated.dataschema,
    partitionkey: practitionerId,
    traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    data: { practitionerId, said: 'a secret' },
  };
}

export function refusal(reason: string, paths: string[] = []): Failure {
  const body = Buffer.from(JSON.stringify({ type: `urn:careflow:refusal:${reason}`, status: 422, reason, paths }));
  return { status: 422, body, extensions: {}, reason: 'status 422' };
}

/** What a KafkaSink keeps of a record whose delivery failed, in the topic of dead letters. */
export function deadLetterRecord(
  record: LogRecord,
  topic: string,
  failure: Failure = refusal('invalid-data', ['/data/slotStart']),
): LogRecord {
  const stored: StoredRecord = { ...record, partition: 3, offset: 1_234n, timestamp: Temporal.Now.instant() };
  const event = eventOfRecord(stored, { namespace: 'careflow', name: 'notifications' });
  return recordOfEvent(deadLetterOf(event, 'http://notifications/events', failure), topic, 'binary');
}

export function deadBooking(event: AnyEvent, topic: string, failure?: Failure): LogRecord {
  return deadLetterRecord(encodeEvent('booking-events', event), topic, failure);
}

export async function listRecords(eventLog: EventLog, topic: string): Promise<StoredRecord[]> {
  const records: StoredRecord[] = [];
  for await (const record of eventLog.read(topic)) records.push(record);
  return records;
}
