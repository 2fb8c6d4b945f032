import type { EachBatchPayload } from 'kafkajs';

import type { Subscriber } from './event-log.ts';
import { toStoredRecord } from './kafka-record.ts';
import { createPartitionWork, type PartitionWork } from './partition-work.ts';

/** So long a partition that is full holds up the others, before it is left out of the fetches: quick handlers need no pause. */
const PATIENCE_MS = 50;

/** An assigned partition. */
type Feed = { topic: string; partition: number; work: PartitionWork; committed?: bigint; resume?: () => void };

export type CommitOffsets = EachBatchPayload['commitOffsetsIfNecessary'];

export type KafkaFeeds = {
  /** Starts no further record until partitions are assigned again: another member may be given it as well. */
  hold(): void;
  /** Goes on with the partitions that stay, lets go of those that do not, and begins with new ones. */
  assign(assignment: Readonly<Record<string, readonly number[]>>): void;
  /** Resolves when the next batch may be fetched, whether or not the records are dealt with. */
  offer(batch: EachBatchPayload): Promise<void>;
  /** Commits what is dealt with since the last time. */
  commitDone(commit: CommitOffsets): Promise<void>;
  /** Takes nothing any more, and tells the records under way. */
  abort(): void;
  /** Resolves when no record is under way. */
  idle(): Promise<void>;
};

/** The partitions that a consumer is assigned; they outlast the consumer when it has to be replaced. */
export function createKafkaFeeds(
  { inFlightPerPartition, onRecord }: Subscriber,
  onFailure: (error: Error) => void,
): KafkaFeeds {
  const feeds = new Map<string, Feed>();
  let committing: Promise<void> = Promise.resolve();
  let aborted = false;

  function add(topic: string, partition: number): void {
    const onHungry = () => unpause(feed);
    const work = createPartitionWork({ inFlight: inFlightPerPartition, onRecord, onFailure, onHungry });
    const feed: Feed = { topic, partition, work };
    feeds.set(keyOf(topic, partition), feed);
  }

  function drop(key: string, feed: Feed): void {
    feed.work.abort();
    feeds.delete(key);
    unpause(feed);
  }

  return {
    hold() {
      for (const { work } of feeds.values()) work.hold();
    },

    assign(assignment) {
      const assigned = Object.entries(assignment).flatMap(([topic, all]) =>
        all.map((partition) => ({ topic, partition })),
      );
      const kept = new Set(assigned.map(({ topic, partition }) => keyOf(topic, partition)));
      for (const [key, feed] of feeds) if (!kept.has(key)) drop(key, feed);
      if (aborted) return;
      for (const { work } of feeds.values()) work.goOn();
      for (const { topic, partition } of assigned) if (!feeds.has(keyOf(topic, partition))) add(topic, partition);
    },

    // What stays assigned is fetched again from the committed offset on: the work leaves out what it knows.
    async offer({ batch: { topic, partition, messages }, pause }) {
      const feed = feeds.get(keyOf(topic, partition));
      if (feed === undefined) return;
      feed.work.take(messages.map((message) => toStoredRecord(topic, partition, message)));
      if (!(await feed.work.wantsMoreWithin(PATIENCE_MS))) feed.resume = pause();
    },

    // One after the other: an older commit that came late would set the group back.
    commitDone(commit) {
      committing = committing.catch(() => undefined).then(() => commitFeeds([...feeds.values()], commit));
      return committing;
    },

    abort() {
      aborted = true;
      for (const { work } of feeds.values()) work.abort();
    },

    async idle() {
      await Promise.all([...feeds.values()].map(({ work }) => work.idle()));
    },
  };
}

async function commitFeeds(feeds: readonly Feed[], commit: CommitOffsets): Promise<void> {
  const changed = feeds.flatMap((feed) => {
    const { done } = feed.work;
    return done === undefined || done === feed.committed ? [] : [{ feed, done }];
  });
  if (changed.length === 0) return;
  const topics = [...Map.groupBy(changed, ({ feed }) => feed.topic)].map(([topic, each]) => ({
    topic,
    partitions: each.map(({ feed, done }) => ({ partition: feed.partition, offset: String(done) })),
  }));
  await commit({ topics });
  for (const { feed, done } of changed) feed.committed = done;
}

function unpause(feed: Feed): void {
  feed.resume?.();
  delete feed.resume;
}

function keyOf(topic: string, partition: number): string {
  return `${topic}/${partition}`;
}
