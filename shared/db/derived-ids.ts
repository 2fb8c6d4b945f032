import { createHash } from 'node:crypto';

/**
 * The id of what the parts identify: the same for ever, whoever makes it and in whatever order (UUID version 8, RFC 9562,
 * section 5.8).
 */
export function idOf(kind: string, ...parts: readonly (string | undefined)[]): string {
  const bytes = createHash('sha256')
    .update(JSON.stringify([kind, ...parts.map((part) => part ?? null)]))
    .digest()
    .subarray(0, 16);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x80, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

/** SHA-256 in hexadecimal. */
export function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
