import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';

/** A key that messages are signed with, and the certificate that shows whose it is. */
export type Signer = { readonly privateKey: KeyObject; readonly certificate: string };

/** A new key with a certificate that it signs itself (X.509 in DER, RFC 5280): what SNS has, from nobody but this machine. */
export function createSigner(now: Temporal.Instant): Signer {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const name = sequence(set(sequence(COMMON_NAME, der(0x0c, Buffer.from('sns.local')))));
  const validity = sequence(time(now.subtract({ hours: 24 })), time(now.add({ hours: 24 * 3650 })));
  const key = publicKey.export({ type: 'spki', format: 'der' });
  const version = der(0xa0, integer(2));
  const signed = sequence(version, integer(1), SHA256_WITH_RSA, name, validity, name, key);
  const signature = der(0x03, Buffer.from([0]), sign('RSA-SHA256', signed, privateKey));
  const body = sequence(signed, SHA256_WITH_RSA, signature).toString('base64');
  const lines = body.match(/.{1,64}/g) ?? [];
  return {
    privateKey,
    certificate: ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n'),
  };
}

/** 2.5.4.3 */
const COMMON_NAME = Buffer.from('0603550403', 'hex');
/** 1.2.840.113549.1.1.11 without parameters */
const SHA256_WITH_RSA = Buffer.from('300d06092a864886f70d01010b0500', 'hex');

function der(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  return Buffer.concat([Buffer.from([tag]), lengthOf(content.length), content]);
}

function lengthOf(length: number): Buffer {
  if (length < 0x80) return Buffer.from([length]);
  return length < 0x100 ? Buffer.from([0x81, length]) : Buffer.from([0x82, length >> 8, length & 0xff]);
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return der(0x30, ...parts);
}

function set(...parts: readonly Buffer[]): Buffer {
  return der(0x31, ...parts);
}

function integer(value: number): Buffer {
  return der(0x02, Buffer.from([value]));
}

/** GeneralizedTime. */
function time(at: Temporal.Instant): Buffer {
  const text = at.round({ smallestUnit: 'second', roundingMode: 'floor' }).toString().replaceAll(/[-:T]/g, '');
  return der(0x18, Buffer.from(text));
}
