import { createPrivateKey, createPublicKey, hkdfSync, type KeyObject, randomBytes, verify } from 'node:crypto';

const SALT = 'Careflow-Device-Proof-Salt';
/** PKCS #8 around the 32 bytes of an X25519 private key, SPKI around those of an Ed25519 public key (RFC 8410). */
const X25519_PRIVATE = Buffer.from('302e020100300506032b656e04220420', 'hex');
const ED25519_PUBLIC = Buffer.from('302a300506032b6570032100', 'hex');

/** A nonce that nobody can foresee: 32 bytes in base64url. */
export function newNonce(): string {
  return randomBytes(32).toString('base64url');
}

/** The X25519 key pair that a nonce stands for in the pair-verify of one device. */
export type NonceKeys = { readonly privateKey: KeyObject; readonly publicKey: Buffer };

/**
 * The key pair with which a controller asks an accessory for its proof: whoever knows the nonce can make it, and the
 * accessory's signature covers its public half, so the signature cannot be older than the nonce.
 */
export function keysOfNonce(nonce: string, deviceId: string): NonceKeys {
  const secret = hkdfSync('sha512', Buffer.from(nonce, 'base64url'), SALT, deviceId, 32);
  const der = Buffer.concat([X25519_PRIVATE, Buffer.from(secret)]);
  const privateKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  return { privateKey, publicKey: rawKey(createPublicKey(privateKey)) };
}

/** What an accessory answers pair-verify with; keys and signature in hexadecimal. */
export type DeviceProof = {
  readonly deviceId: string;
  readonly nonce: string;
  readonly ltpk: string;
  readonly pairingId: string;
  /** The accessory's ephemeral X25519 key. */
  readonly accessoryKey: string;
  readonly signature: string;
};

/**
 * Whether the holder of the long-term key has signed AccessoryInfo (HomeKit Accessory Protocol, R2, 5.7.2): its own
 * ephemeral key, its pairing identifier and the controller's ephemeral key, which here is that of the nonce.
 */
export function isProofOfPossession(proof: DeviceProof): boolean {
  const { publicKey } = keysOfNonce(proof.nonce, proof.deviceId);
  const signed = Buffer.concat([Buffer.from(proof.accessoryKey, 'hex'), Buffer.from(proof.pairingId), publicKey]);
  const der = Buffer.concat([ED25519_PUBLIC, Buffer.from(proof.ltpk, 'hex')]);
  const ltpk = createPublicKey({ key: der, format: 'der', type: 'spki' });
  return verify(null, signed, ltpk, Buffer.from(proof.signature, 'hex'));
}

/** The 32 bytes of a public key: the end of its SPKI. */
export function rawKey(key: KeyObject): Buffer {
  return key.export({ format: 'der', type: 'spki' }).subarray(-32);
}
