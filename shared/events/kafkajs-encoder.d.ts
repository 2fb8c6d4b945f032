/** The part of kafkajs's inside that shared/events/kafka-encoder.ts mends. */
declare module 'kafkajs/src/protocol/encoder.js' {
  export type VarIntWriter = {
    readonly buf: Buffer;
    offset: number;
    readonly buffer: Buffer;
    ensureAvailable(bytes: number): void;
    writeUVarInt(value: number): VarIntWriter;
    /** Zigzag: small whole numbers of either sign are short. */
    writeVarInt(value: number): VarIntWriter;
  };
  const Encoder: { new (): VarIntWriter; prototype: VarIntWriter };
  export default Encoder;
}
