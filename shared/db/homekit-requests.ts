import { randomUUIDv7 } from 'node:crypto';

import {
  CustodyScanSubmitted,
  HomekitDeviceSubmitted,
  HomekitGrantSubmitted,
  HomekitProofSubmitted,
  TestKitSubmitted,
} from '../../schemas/events/homekit-registration.v1.ts';
import type { Cause } from './homekit-events.ts';
import { outgoing, type OutgoingEvent } from './outbox.ts';
import type { CustodyScanRow, DeviceRow, GrantRow, ProofRow, RegistrationRow } from './schema/homekit.ts';

// Keyed by device or kit, so that what is asked of one is seen to in the order it was asked.

export function deviceSubmitted({ id, country }: DeviceRow, cause: Cause): OutgoingEvent {
  return outgoing(HomekitDeviceSubmitted, { ...about(id, id, cause), data: { country, deviceId: id } });
}

export function proofSubmitted({ id, deviceId }: ProofRow, country: string, cause: Cause): OutgoingEvent {
  const data = { country, deviceId, proofId: id };
  return outgoing(HomekitProofSubmitted, { ...about(id, deviceId, cause), data });
}

export function grantSubmitted({ id, deviceId }: GrantRow, country: string, cause: Cause): OutgoingEvent {
  const data = { country, deviceId, grantId: id };
  return outgoing(HomekitGrantSubmitted, { ...about(id, deviceId, cause), data });
}

export function testKitSubmitted({ id, country, testKitId }: RegistrationRow, cause: Cause): OutgoingEvent {
  return outgoing(TestKitSubmitted, { ...about(id, testKitId ?? id, cause), data: { country, registrationId: id } });
}

export function scanSubmitted({ id, testKitId, country }: CustodyScanRow, cause: Cause): OutgoingEvent {
  const data = { country, testKitId, scanId: id };
  return outgoing(CustodyScanSubmitted, { ...about(id, testKitId, cause), data });
}

function about(subject: string, partitionKey: string, { now, traceparent }: Cause) {
  return { id: randomUUIDv7(), subject, partitionKey, time: now, traceparent };
}
