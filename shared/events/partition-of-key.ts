const SEED = 0x9747b28c;
const MULTIPLIER = 0x5bd1e995;

/** The partition that Kafka's default partitioner chooses: murmur2 of the key's bytes, made positive. */
export function partitionOfKey(key: string, partitions: number): number {
  return (murmur2(Buffer.from(key)) & 0x7fffffff) % partitions;
}

/** MurmurHash2, 32 bits, as Kafka's clients seed it. */
function murmur2(bytes: Buffer): number {
  const tail = bytes.length & ~3;
  let hash = SEED ^ bytes.length;
  for (let at = 0; at < tail; at += 4) {
    let word = Math.imul(bytes.readInt32LE(at), MULTIPLIER);
    word = Math.imul(word ^ (word >>> 24), MULTIPLIER);
    hash = Math.imul(hash, MULTIPLIER) ^ word;
  }
  if (bytes.length > tail) {
    hash = Math.imul(hash ^ bytes.readUIntLE(tail, bytes.length - tail), MULTIPLIER);
  }
  hash = Math.imul(hash ^ (hash >>> 13), MULTIPLIER);
  return hash ^ (hash >>> 15);
}
