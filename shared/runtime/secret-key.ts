import type { Setting } from './config.ts';

const BYTES = 32;
const FAULT = `is not a key of ${BYTES * 8} bits: give ${BYTES} random bytes in base64url`;

/** A symmetric key of 256 bits. */
export function secretKey(): Setting<Uint8Array> {
  return {
    read: (raw) => {
      const value = /^[\w-]{43}=?$/.test(raw) ? Buffer.from(raw, 'base64url') : Buffer.alloc(0);
      return value.length === BYTES ? { value } : { fault: FAULT };
    },
  };
}
