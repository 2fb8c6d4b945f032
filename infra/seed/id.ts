import { createHash } from 'node:crypto';

/** Any UUID, the same for ever: every sample's id follows from it. */
const NAMESPACE = 'b1f6f7b2-9a0d-4c52-8a3e-6d0f5c0e7a11';

/** The id of a named sample: the same name always has the same id (UUID version 5, RFC 9562, section 5.5). */
export function sampleId(name: string): string {
  const namespace = Buffer.from(NAMESPACE.replaceAll('-', ''), 'hex');
  const bytes = createHash('sha1').update(namespace).update(name).digest().subarray(0, 16);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x50, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
