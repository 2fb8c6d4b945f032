import type { Subscriber } from './event-log.ts';
import { createPartitionWork, type PartitionWork } from './partition-work.ts';
import type { LogDatabase } from './postgres-log-database.ts';
import { readPage } from './postgres-log-records.ts';
import { isSame, type Place, type Position } from './postgres-membership.ts';

/** A partition that is this member's. */
type Feed = Place & { work: PartitionWork; from: bigint; committed: bigint };

export type PostgresFeeds = {
  readonly places: readonly Place[];
  /** Lets go of partitions; resolves to how far they are done. */
  giveUp(places: readonly Place[]): Position[];
  /** Keeps the partitions that stay, lets go of those that do not, and begins with new ones. */
  hold(positions: readonly Position[]): void;
  /** Takes what is new, where there is room; whether there may be yet more. */
  fetch(): Promise<boolean>;
  /** How far each partition is done that was not as far at the last call; `committed` says that this is written down. */
  changes(): { positions: Position[]; committed: () => void };
  abort(): void;
  idle(): Promise<void>;
};

export type PostgresFeedsOptions = {
  database: LogDatabase;
  subscriber: Subscriber;
  onHungry: () => void;
  onFailure: (error: Error) => void;
};

export function createPostgresFeeds({
  database,
  subscriber,
  onHungry,
  onFailure,
}: PostgresFeedsOptions): PostgresFeeds {
  const { inFlightPerPartition: inFlight, onRecord, topics } = subscriber;
  let feeds: Feed[] = [];
  let aborted = false;

  function giveUp(places: readonly Place[]): Position[] {
    const lost = feeds.filter((feed) => places.some((place) => isSame(feed, place)));
    feeds = feeds.filter((feed) => !lost.includes(feed));
    for (const { work } of lost) work.abort();
    return lost.flatMap(doneOf);
  }

  function begin({ topic, partition, offset }: Position): Feed {
    const work = createPartitionWork({ inFlight, onRecord, onHungry, onFailure });
    return { topic, partition, work, from: offset, committed: offset };
  }

  async function fetchFrom(feed: Feed, to: bigint): Promise<boolean> {
    const { topic, partition, from, work } = feed;
    if (from >= to || !work.wantsMore) return false;
    const page = await readPage(database, { topic, partition, from, to });
    // An empty page: retention has dropped the rest.
    feed.from = (page.at(-1)?.offset ?? to - 1n) + 1n;
    work.take(page);
    return feed.from < to && work.wantsMore;
  }

  return {
    get places() {
      return feeds;
    },
    giveUp,
    hold(positions) {
      giveUp(feeds.filter((feed) => !positions.some((position) => isSame(feed, position))));
      if (aborted) return;
      const added = positions.filter((position) => !feeds.some((feed) => isSame(feed, position)));
      feeds.push(...added.map(begin));
    },
    async fetch() {
      const sql = 'SELECT topic, partition, next_offset FROM event_log.partitions WHERE topic = ANY($1)';
      const ends = await database.query<Place & { next_offset: string }>(sql, [topics]);
      let isMore = false;
      for (const feed of feeds) {
        const end = ends.find((each) => isSame(feed, each));
        if (end && (await fetchFrom(feed, BigInt(end.next_offset)))) isMore = true;
      }
      return isMore;
    },
    changes() {
      const changed = feeds.filter(({ work, committed }) => work.done !== undefined && work.done !== committed);
      const positions = changed.flatMap(doneOf);
      const committed = () => {
        for (const [index, feed] of changed.entries()) feed.committed = positions[index]?.offset ?? feed.committed;
      };
      return { positions, committed };
    },
    abort() {
      aborted = true;
      for (const { work } of feeds) work.abort();
    },
    async idle() {
      await Promise.all(feeds.map(({ work }) => work.idle()));
    },
  };
}

function doneOf({ topic, partition, work }: Feed): Position[] {
  return work.done === undefined ? [] : [{ topic, partition, offset: work.done }];
}
