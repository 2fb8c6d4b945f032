import type { Logger } from 'pino';

export type EventLogOptions = {
  /** Shown by the broker and the database beside each connection. */
  clientId: string;
  log?: Logger;
  /** How long `append` tries; 10 s where nothing is said. */
  appendDeadlineMs?: number;
};

/** A record as the log keeps it: Kafka's shape, with keys and header values as text. */
export type LogRecord = {
  topic: string;
  key: string | null;
  /** `null` is a tombstone. */
  value: Buffer | null;
  headers: Record<string, string>;
};

export type StoredRecord = LogRecord & { partition: number; offset: bigint; timestamp: Temporal.Instant };

export type Topic = { name: string; partitions: number; replication?: number; config?: Record<string, string> };

export type Subscriber = {
  group: string;
  topics: string[];
  /** Where a group without committed offsets begins. */
  initialOffset: 'earliest' | 'latest';
  /** At most so many records of one partition are with `onRecord` at a time; 1 keeps the order. */
  inFlightPerPartition: number;
  /**
   * Resolves when the record is dealt with: its offset may be committed. `signal` aborts when the subscription stops or
   * the partition is taken away: a rejection after that leaves the record to the next delivery, a rejection before it
   * stops the subscription with that error.
   */
  onRecord: (record: StoredRecord, signal: AbortSignal) => Promise<void>;
};

export type Subscription = {
  /** Takes no further records, waits for those under way, commits, leaves the group. */
  stop(): Promise<void>;
  /** Resolves when `onRecord` has rejected and the group is left; never rejects. The log being away is no failure. */
  readonly failed: Promise<Error>;
};

/** An append-only log with topics, partitions, consumer groups and committed offsets: Kafka, or its embedded stand-in. */
export type EventLog = {
  /** Appends in order; resolves when all are durable on every in-sync replica. Throws AppError `unavailable` after the deadline. */
  append(records: readonly LogRecord[]): Promise<void>;
  /** Resolves when the group is joined and every position is known. Offsets are committed every 5 s and on `stop`. */
  subscribe(subscriber: Subscriber): Promise<Subscription>;
  /** Creates the topics that are missing. */
  ensureTopics(topics: readonly Topic[]): Promise<void>;
  /** Reads a topic from its beginning to its end as it was at the call, without a group. */
  read(topic: string): AsyncIterable<StoredRecord>;
  /** Records not yet committed by the group, over all partitions of the topics. */
  lag(group: string, topics: readonly string[]): Promise<bigint>;
  close(): Promise<void>;
};
