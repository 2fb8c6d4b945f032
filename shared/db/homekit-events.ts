import { randomUUIDv7 } from 'node:crypto';

import type { EventContract, EventOf } from '../../schemas/events/contract.ts';
import {
  HomekitDeviceAuthorized,
  HomekitDeviceRegistered,
  HomekitDeviceRejected,
  HomekitDeviceRevoked,
  TestKitRegistered,
  TestKitRejected,
} from '../../schemas/events/homekit.v1.ts';
import { outgoing, type OutgoingEvent } from './outbox.ts';
import type { DeviceRow, GrantRow, RegistrationRow } from './schema/homekit.ts';

/** When it happened, and what it belongs to. */
export type Cause = { readonly now: Temporal.Instant; readonly traceparent: string };

export function deviceRegistered(device: DeviceRow, cause: Cause): OutgoingEvent {
  return ofDevice(HomekitDeviceRegistered, device, dataOfDevice(device), cause);
}

export function deviceRejected(
  device: DeviceRow,
  reason: NonNullable<DeviceRow['rejectedBecause']>,
  cause: Cause,
): OutgoingEvent {
  return ofDevice(HomekitDeviceRejected, device, { ...dataOfDevice(device), reason }, cause);
}

export function deviceAuthorized(
  device: DeviceRow,
  { granteeId, role }: Pick<GrantRow, 'granteeId' | 'role'>,
  cause: Cause,
): OutgoingEvent {
  return ofDevice(HomekitDeviceAuthorized, device, { ...dataOfDevice(device), granteeId, role }, cause);
}

/** Of a grant where somebody had it, of the whole device otherwise. */
export function deviceRevoked(device: DeviceRow, granteeId: string | undefined, cause: Cause): OutgoingEvent {
  const data = { ...dataOfDevice(device), ...(granteeId !== undefined && { granteeId }) };
  return ofDevice(HomekitDeviceRevoked, device, data, cause);
}

/** The kit that was registered, and what it was shipped for. */
export type ToldKit = { readonly testKitId: string; readonly orderId: string | null };

/** With what was consented to: to ask for a kit is to consent. */
export function testKitRegistered(registration: RegistrationRow, kit: ToldKit, cause: Cause): OutgoingEvent {
  const { consentVersion, createdAt } = registration;
  const consent = { consentVersion, givenAt: createdAt.toString() };
  return ofTestKit(TestKitRegistered, { ...dataOfTestKit(registration, kit), consent }, cause);
}

type Refused = {
  readonly reason: EventOf<typeof TestKitRejected>['data']['reason'];
  readonly replacementOfferId?: string | undefined;
};

export function testKitRejected(
  registration: RegistrationRow,
  kit: ToldKit,
  { reason, replacementOfferId }: Refused,
  cause: Cause,
): OutgoingEvent {
  const offer = replacementOfferId === undefined ? {} : { replacementOfferId };
  return ofTestKit(TestKitRejected, { ...dataOfTestKit(registration, kit), reason, ...offer }, cause);
}

function ofDevice<Contract extends EventContract & { source: string; topic: string }>(
  contract: Contract,
  { id }: DeviceRow,
  data: EventOf<Contract>['data'],
  { now, traceparent }: Cause,
): OutgoingEvent {
  return outgoing(contract, { id: randomUUIDv7(), subject: id, partitionKey: id, time: now, traceparent, data });
}

function dataOfDevice({ id, version, country, patientId }: DeviceRow) {
  return { deviceId: id, version, country, patientId };
}

function ofTestKit<Contract extends EventContract & { source: string; topic: string }>(
  contract: Contract,
  data: EventOf<Contract>['data'] & { readonly testKitId: string },
  { now, traceparent }: Cause,
): OutgoingEvent {
  const { testKitId: id } = data;
  return outgoing(contract, { id: randomUUIDv7(), subject: id, partitionKey: id, time: now, traceparent, data });
}

function dataOfTestKit({ version, country, patientId }: RegistrationRow, { testKitId, orderId }: ToldKit) {
  return { testKitId, version, country, patientId, ...(orderId !== null && { orderId }) };
}
