import { maySucceedLater } from '../../shared/domain/device.ts';
import { readSetupPayload } from '../../shared/domain/setup-payload.ts';
import { writeSetupCode } from '../../shared/domain/setup-code.ts';
import { keysOfNonce } from '../../shared/identity/device-proof.ts';
import { type AccessoryInformation, pair, type Pairing, pairingId, type Place, readInformation } from './accessory.ts';
import { type Account, type CloudDevice, readUntil, renewChallenge, submitDevice, submitProof } from './cloud.ts';
import { askForSignature, identify } from './pair-verify.ts';
import { findPairing, type Pairings } from './pairings.ts';

export type Registration = {
  readonly place: Place;
  /** `X-HM://...`, of the accessory's label. The setup code in it is used here and sent nowhere else but in it. */
  readonly setupPayload: string;
  readonly account: Account;
  readonly pairings: Pairings;
  readonly onProgress: (what: string) => void;
};

/**
 * Pairs an accessory of this home, unless it is paired already, and registers it: the nonce that is sent for it goes to
 * the accessory as the key of a pair-verify, and the accessory's signature goes back.
 */
export async function registerAccessory(registration: Registration): Promise<CloudDevice> {
  const { place, setupPayload, account, onProgress } = registration;
  const { pairing, information } = await meetAccessory(registration);
  onProgress(`It is a ${information.model}, serial number ${information.serialNumber}`);
  const identity = { ltpk: pairing.AccessoryLTPK, pairingId: pairingId(pairing) };
  const id = await submitDevice(account, { setupPayload, ...information, ...identity });
  const considered = await readUntil(account, id, ({ status }) => status !== 'received');
  if (!mayBeProven(considered)) return considered;
  onProgress('It is asked to prove that it holds its key');
  return proveAccessory(place, account, considered);
}

/** A proof is awaited, or another one may mend what the last ones did. */
function mayBeProven({ status, rejection }: CloudDevice): boolean {
  return status === 'awaiting-proof' || maySucceedLater(rejection?.reason ?? null);
}

/** Has an accessory answer the nonce it was sent, a fresh one where that has expired. */
async function proveAccessory(place: Place, account: Account, device: CloudDevice): Promise<CloudDevice> {
  const { id } = device;
  const isOpen = device.challenge && Temporal.Instant.compare(device.challenge.expiresAt, Temporal.Now.instant()) > 0;
  if (!isOpen) await renewChallenge(account, id);
  const { challenge, version } = isOpen ? device : await readUntil(account, id, (known) => known.challenge !== null);
  if (challenge === null) throw new Error('There is no nonce to answer.');
  const { nonce } = challenge;
  const { accessoryKey, signature } = await askForSignature(place, keysOfNonce(nonce, id));
  await submitProof(account, id, { nonce, accessoryKey, signature });
  return readUntil(account, id, (known) => known.version > version);
}

type Met = { readonly pairing: Pairing; readonly information: AccessoryInformation };

/** By the pairing that there is, wherever the accessory listens now; by a new one where it knows that no more. */
async function meetAccessory({ place, setupPayload, pairings, onProgress }: Registration): Promise<Met> {
  const read = readSetupPayload(setupPayload);
  if ('fault' in read) throw new Error(`The setup payload cannot be used: ${read.fault}.`);
  const known = await findPairing(pairings, await identify(place));
  const met = known && (await meet(place, known, pairings));
  if (met) return met;
  const pairing = await pair(place, writeSetupCode(read.payload.setupCode));
  await pairings.keep(place, pairing);
  onProgress('The accessory is paired');
  const first = await meet(place, pairing, pairings);
  if (first === undefined) throw new Error('The accessory does not know the pairing that it has just made.');
  return first;
}

async function meet(place: Place, pairing: Pairing, pairings: Pairings): Promise<Met | undefined> {
  const information = await readInformation(place, pairing);
  if (information === undefined) return undefined;
  await pairings.keep(place, pairing);
  return { pairing, information };
}
