/** Received, then asked for its proof; registered by one that holds; rejected or revoked in the end. */
export type DeviceStatus = 'received' | 'awaiting-proof' | 'registered' | 'rejected' | 'revoked';

export type DeviceRejection = 'bad-payload' | 'proof-failed' | 'proof-expired' | 'owned-by-another';

/** How many devices a person may be about to register at once. */
export const MOST_OPEN_DEVICES = 20;

/** Rejections that another proof may mend: such a device is still asked for. */
export const mendableRejections = ['proof-failed', 'proof-expired'] as const satisfies readonly DeviceRejection[];

/** Whether another proof may mend a rejection. */
export function maySucceedLater(reason: string | null): boolean {
  return mendableRejections.some((mendable) => mendable === reason);
}

/** What the rules need to know of a device that somebody has registered. */
export type KnownDevice = {
  readonly id: string;
  readonly ownerId: string;
  /** The accessory's long-term public key, Ed25519, in hexadecimal. */
  readonly ltpk: string;
  readonly model: string;
  readonly serialNumber: string;
};

export type Standing =
  /** Somebody else has registered the key, or the very accessory under an earlier key. */
  | { readonly ownedByAnother: true }
  /** Those of the same owner that this one takes the place of: the accessory was reset and has a new key. */
  | { readonly ownedByAnother: false; readonly replaces: readonly string[] };

/**
 * How a device stands to those that are registered. A factory reset gives an accessory a new key, so the same model and
 * serial number under another key is the same accessory after one. Its owner's new registration takes the place of the
 * old; anybody else's does not: model and serial number are only said, not proven.
 */
export function standingOf(device: KnownDevice, registered: readonly KnownDevice[]): Standing {
  const others = registered.filter(({ id }) => id !== device.id);
  const same = others.filter((other) => isSameAccessory(device, other));
  if (same.some(({ ownerId }) => ownerId !== device.ownerId)) return { ownedByAnother: true };
  return { ownedByAnother: false, replaces: same.map(({ id }) => id) };
}

function isSameAccessory(one: KnownDevice, other: KnownDevice): boolean {
  const isSameKey = one.ltpk === other.ltpk;
  return isSameKey || (one.model === other.model && one.serialNumber === other.serialNumber);
}
