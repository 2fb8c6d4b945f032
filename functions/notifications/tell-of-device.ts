import type { EventOf } from '../../schemas/events/contract.ts';
import type {
  HomekitDeviceAuthorized,
  HomekitDeviceRegistered,
  HomekitDeviceRejected,
  HomekitDeviceRevoked,
  TestKitRegistered,
  TestKitRejected,
} from '../../schemas/events/homekit.v1.ts';
import { listContacts, listPatientRecipients } from '../../shared/db/recipients.ts';
import type { NotificationKind, Recipient } from '../../shared/domain/notification.ts';
import type { Deps } from './deliver.ts';
import { tell } from './tell.ts';

type HomekitEvent = EventOf<
  | typeof HomekitDeviceRegistered
  | typeof HomekitDeviceRejected
  | typeof HomekitDeviceAuthorized
  | typeof HomekitDeviceRevoked
  | typeof TestKitRegistered
  | typeof TestKitRejected
>;

const kinds = {
  'careflow.homekit-device.registered.v1': 'device-registered',
  'careflow.homekit-device.rejected.v1': 'device-rejected',
  'careflow.homekit-device.authorized.v1': 'device-authorized',
  'careflow.homekit-device.revoked.v1': 'device-revoked',
  'careflow.test-kit.registered.v1': 'test-kit-registered',
  'careflow.test-kit.rejected.v1': 'test-kit-rejected',
} as const satisfies Readonly<Record<HomekitEvent['type'], NotificationKind>>;

/** Tells whose device or test kit it is what became of it, and who was given or lost the use of a device. */
export function tellOfDevice(deps: Deps) {
  return tell(deps, async ({ type, time, data }: HomekitEvent) => {
    const { country, patientId, version: subjectVersion } = data;
    const subjectId = 'deviceId' in data ? data.deviceId : data.testKitId;
    const occurredAt = Temporal.Instant.from(time);
    return {
      notice: { kind: kinds[type], country, patientId, subjectId, subjectVersion, occurredAt },
      recipients: await partiesOf(deps, patientId, 'granteeId' in data ? data.granteeId : undefined),
      // It is published again when its order becomes known.
      isToldOnce: type === 'careflow.test-kit.registered.v1',
    };
  });
}

async function partiesOf(
  { patients, now }: Deps,
  ownerId: string,
  granteeId: string | undefined,
): Promise<Recipient[]> {
  const owner = await listPatientRecipients(patients, ownerId, now());
  if (granteeId === undefined || granteeId === ownerId) return owner;
  const isTold = owner.some(({ id }) => id === granteeId);
  return isTold ? owner : [...owner, ...(await listContacts(patients, 'patient', [granteeId]))];
}
