import Encoder from 'kafkajs/src/protocol/encoder.js';
import { expect, it } from 'vitest';

import { quickenEncoder } from '../../../shared/events/kafka-encoder.ts';

it.each([
  [0, '00'],
  [-1, '01'],
  [1, '02'],
  [63, '7e'],
  [-64, '7f'],
  [64, '8001'],
  [8191, 'fe7f'],
  [8192, '808001'],
  [2 ** 31 - 1, 'feffffff0f'],
  [-(2 ** 31), 'ffffffff0f'],
])('writes %i as Kafka reads it: %s', (value, bytes) => {
  quickenEncoder();
  expect(new Encoder().writeVarInt(value).buffer.toString('hex')).toBe(bytes);
});

it('makes room where what is written does not fit', () => {
  quickenEncoder();
  const encoder = new Encoder();
  for (let count = 0; count < 2_000; count += 1) encoder.writeVarInt(300);
  expect(encoder.buffer.toString('hex')).toBe('d804'.repeat(2_000));
});
