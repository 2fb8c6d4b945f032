import { randomUUIDv7 } from 'node:crypto';

import { ErasureRequested, ExportRequested, type JobPolicy } from '../../schemas/events/jobs.v1.ts';
import { outgoing, type OutgoingEvent } from './outbox.ts';

type Request = {
  /** Of the export or erasure. */
  readonly id: string;
  readonly country: string;
  readonly patientId: string;
  readonly requestedAt: Temporal.Instant;
};

export function exportJob(request: Request, traceparent: string): OutgoingEvent {
  const data = { ...jobOf(request, ExportRequested.policy), exportId: request.id };
  return outgoing(ExportRequested, { ...envelopeOf(request, traceparent), data });
}

export function erasureJob(request: Request, traceparent: string): OutgoingEvent {
  const data = { ...jobOf(request, ErasureRequested.policy), erasureId: request.id };
  return outgoing(ErasureRequested, { ...envelopeOf(request, traceparent), data });
}

function envelopeOf({ id, patientId, requestedAt }: Request, traceparent: string) {
  return { id: randomUUIDv7(), subject: id, partitionKey: patientId, time: requestedAt, traceparent };
}

function jobOf({ id, country, patientId, requestedAt }: Request, { withinMinutes }: JobPolicy) {
  const deadline = requestedAt.add({ minutes: withinMinutes }).toString();
  return { idempotencyKey: id, deadline, country, patientId };
}
