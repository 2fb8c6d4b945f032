import fc from 'fast-check';
import { Partitioners } from 'kafkajs';
import { expect, it } from 'vitest';

import { partitionOfKey } from '../../../shared/events/partition-of-key.ts';

it('puts every key where a Kafka client puts it', () => {
  const partitioner = Partitioners.DefaultPartitioner();
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.integer({ min: 1, max: 64 }), (key, partitions) => {
      const partitionMetadata = Array.from({ length: partitions }, (_, partitionId) => ({
        partitionId,
        leader: 1,
        partitionErrorCode: 0,
        replicas: [1],
        isr: [1],
      }));
      const message = { key, value: null };
      expect(partitionOfKey(key, partitions)).toBe(partitioner({ topic: 'any', partitionMetadata, message }));
    }),
    { numRuns: 100 },
  );
});
