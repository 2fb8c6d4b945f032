import { createDecipheriv, createPublicKey, diffieHellman, hkdfSync, randomUUID } from 'node:crypto';

import { keysOfNonce, newNonce, type NonceKeys } from '../../shared/identity/device-proof.ts';
import type { Place } from './accessory.ts';
import { within } from './deadline.ts';
import { HttpConnection, tlv } from './hap-controller.ts';

/** What an accessory signed, in hexadecimal. */
export type SignedAnswer = { readonly pairingId: string; readonly accessoryKey: string; readonly signature: string };

/** TLV types (HomeKit Accessory Protocol, R2, table 5-6). */
const IDENTIFIER = 0x01;
const PUBLIC_KEY = 0x03;
const ENCRYPTED_DATA = 0x05;
const STATE = 0x06;
const ERROR = 0x07;
const SIGNATURE = 0x0a;

const DEADLINE_MS = 20_000;
const TAG_BYTES = 16;
const X25519_PUBLIC = Buffer.from('302a300506032b656e032100', 'hex');

/**
 * The first half of pair-verify (HomeKit Accessory Protocol, R2, 5.7.1 and 5.7.2), with the key pair of a nonce as the
 * controller's: the accessory answers with its signature over both ephemeral keys. It ends there, since whoever knows
 * the nonce could read a session made of it.
 */
export async function askForSignature(place: Place, keys: NonceKeys): Promise<SignedAnswer> {
  return readAnswer(await begin(place, keys), keys);
}

/** The identifier that an accessory pairs under, which it tells anybody; undefined where it takes no pair-verify. */
export async function identify(place: Place): Promise<string | undefined> {
  const keys = keysOfNonce(newNonce(), randomUUID());
  const answer = await begin(place, keys);
  return answer.has(PUBLIC_KEY) ? readAnswer(answer, keys).pairingId : undefined;
}

async function begin({ address, port }: Place, keys: NonceKeys): Promise<ReadonlyMap<number, Buffer>> {
  const connection = new HttpConnection(address, port);
  try {
    const start = tlv.encodeObject(
      new Map([
        [STATE, Buffer.from([1])],
        [PUBLIC_KEY, keys.publicKey],
      ]),
    );
    const asked = connection.post('/pair-verify', start, 'application/pairing+tlv8');
    const { body } = await within(DEADLINE_MS, 'Asking the accessory for its proof', asked);
    return tlv.decodeBuffer(body);
  } finally {
    connection.close();
  }
}

function readAnswer(answer: ReadonlyMap<number, Buffer>, { privateKey }: NonceKeys): SignedAnswer {
  const error = answer.get(ERROR)?.[0];
  if (error !== undefined) throw new Error(`The accessory refuses pair-verify with error ${error}.`);
  const accessoryKey = part(answer, PUBLIC_KEY);
  const der = Buffer.concat([X25519_PUBLIC, accessoryKey]);
  const publicKey = createPublicKey({ key: der, format: 'der', type: 'spki' });
  const shared = diffieHellman({ privateKey, publicKey });
  const key = hkdfSync('sha512', shared, 'Pair-Verify-Encrypt-Salt', 'Pair-Verify-Encrypt-Info', 32);
  const inner = tlv.decodeBuffer(decrypt(Buffer.from(key), part(answer, ENCRYPTED_DATA)));
  return {
    pairingId: part(inner, IDENTIFIER).toString(),
    accessoryKey: accessoryKey.toString('hex'),
    signature: part(inner, SIGNATURE).toString('hex'),
  };
}

function part(answer: ReadonlyMap<number, Buffer>, type: number): Buffer {
  const value = answer.get(type);
  if (value === undefined) throw new Error(`The accessory answers pair-verify without its part ${type}.`);
  return value;
}

function decrypt(key: Buffer, sealed: Buffer): Buffer {
  const nonce = Buffer.concat([Buffer.alloc(4), Buffer.from('PV-Msg02')]);
  const decipher = createDecipheriv('chacha20-poly1305', key, nonce, { authTagLength: TAG_BYTES });
  decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
  return Buffer.concat([decipher.update(sealed.subarray(0, -TAG_BYTES)), decipher.final()]);
}
