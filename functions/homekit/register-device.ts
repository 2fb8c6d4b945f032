import { randomUUIDv7 } from 'node:crypto';

import type { registerDevice as contract } from '../../schemas/api/homekit.ts';
import { addDevice, countOpenDevices, findLastDevice, findLiveDevice } from '../../shared/db/devices.ts';
import type { Queryable } from '../../shared/db/client.ts';
import type { Cause } from '../../shared/db/homekit-events.ts';
import { deviceSubmitted } from '../../shared/db/homekit-requests.ts';
import type { DeviceRow } from '../../shared/db/schema/homekit.ts';
import { MOST_OPEN_DEVICES } from '../../shared/domain/device.ts';
import { readSetupPayload } from '../../shared/domain/setup-payload.ts';
import { AppError } from '../../shared/errors.ts';
import type { InputOf } from '../../schemas/api/contract.ts';
import type { Operation } from '../../shared/runtime/function.ts';
import { mustActFor } from './access.ts';
import { type Change, commit } from './commit.ts';
import type { Deps } from './deps.ts';

/** `POST /{country}/homekit/devices`: keeps the request and answers; the same person's next one is the same. */
export function registerDevice(deps: Deps): Operation<typeof contract> {
  return async (input, context) => {
    await mustActFor(deps, context.caller, input.country, input.patientId);
    const cause = { now: deps.now(), traceparent: context.traceparent };
    const wanted = newDevice(input, cause.now);
    const body = await commit(deps, context, 202, async (tx) => {
      const known = await findLiveDevice(tx, wanted);
      if (known) return accepted(mustBeSame(known, wanted), cause);
      await mustHaveRoom(tx, wanted);
      const device = await withFailures(tx, wanted);
      return accepted((await addDevice(tx, device)) ? device : mustBeSame(await twinOf(tx, device), wanted), cause);
    });
    return { body };
  };
}

/** One that nobody has seen to is told of again: the event that asked for it may have been given up. */
function accepted(device: DeviceRow, cause: Cause): Change<{ id: string; status: DeviceRow['status'] }> {
  const { id, status } = device;
  return { body: { id, status }, events: status === 'received' ? [deviceSubmitted(device, cause)] : [] };
}

const TOLD = ['pairingId', 'model', 'serialNumber'] as const;

/** @returns the known device. Throws `conflict` where it was told otherwise, with what to withdraw first. */
function mustBeSame(known: DeviceRow, wanted: DeviceRow): DeviceRow {
  const members = TOLD.filter((member) => known[member] !== wanted[member]);
  if (members.length === 0) return known;
  const reasons = [{ code: 'told-otherwise', members, deviceId: known.id }];
  const message = 'You have asked for this key before and told of it otherwise. Withdraw that device, then ask again.';
  throw new AppError('conflict', message, { reasons });
}

/** Throws `conflict` for somebody who has as many devices under way as anybody may. */
async function mustHaveRoom(tx: Queryable, { patientId }: DeviceRow): Promise<void> {
  if ((await countOpenDevices(tx, patientId)) < MOST_OPEN_DEVICES) return;
  const reasons = [{ code: 'too-many-open', most: MOST_OPEN_DEVICES }];
  throw new AppError('conflict', 'Too many devices wait for their proof. Prove or withdraw one first.', { reasons });
}

/** Who asks for a key again goes on from the failures they had with it. */
async function withFailures(tx: Queryable, device: DeviceRow): Promise<DeviceRow> {
  const { failures = 0, retryAt = null } = (await findLastDevice(tx, device)) ?? {};
  return { ...device, failures, retryAt };
}

/** Another request for the same, which came between. */
async function twinOf(tx: Queryable, device: DeviceRow): Promise<DeviceRow> {
  const twin = await findLiveDevice(tx, device);
  if (twin) return twin;
  throw new AppError('in-progress', 'This device is being registered.');
}

/** All that is kept of a label is which kind of accessory it is on and its setup id; of the setup code nothing is. */
function newDevice(input: InputOf<typeof contract>, now: Temporal.Instant): DeviceRow {
  const { country, patientId, model, serialNumber, ltpk, pairingId, setupPayload } = input;
  const read = readSetupPayload(setupPayload);
  const label =
    'payload' in read
      ? { category: read.payload.category, setupId: read.payload.setupId, payloadFault: null }
      : { category: null, setupId: null, payloadFault: read.fault };
  return {
    id: randomUUIDv7(),
    country,
    patientId: patientId.toLowerCase(),
    version: 1,
    status: 'received',
    rejectedBecause: null,
    revokedBecause: null,
    model,
    serialNumber,
    ltpk: ltpk.toLowerCase(),
    pairingId,
    ...label,
    failures: 0,
    retryAt: null,
    createdAt: now,
    updatedAt: now,
  };
}
