import Encoder, { type VarIntWriter } from 'kafkajs/src/protocol/encoder.js';

let quick = false;

/** An unsigned 32-bit integer, seven bits a byte. */
const MOST_BYTES = 5;

/**
 * kafkajs 2.2.4 writes every variable-length integer, of which a record has dozens, through an array and a buffer made for
 * it. Here it goes straight to where it belongs: a record of an event takes half the time.
 */
export function quickenEncoder(): void {
  if (quick) return;
  quick = true;
  Encoder.prototype.writeUVarInt = function (this: VarIntWriter, value: number) {
    this.ensureAvailable(MOST_BYTES);
    let rest = value >>> 0;
    for (; rest > 0x7f; rest >>>= 7) this.buf[this.offset++] = (rest & 0x7f) | 0x80;
    this.buf[this.offset++] = rest;
    return this;
  };
}
