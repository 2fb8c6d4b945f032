import type {
  EventLog,
  LogRecord,
  StoredRecord,
  Subscriber,
  Subscription,
  Topic,
} from '../../../../shared/events/event-log.ts';

type Group = { committed: Map<string, number> };

/** An event log in memory, with one partition per key's first letter so that a test chooses the partition by the key. */
export type MemoryEventLog = EventLog & {
  records(topic: string): StoredRecord[];
  /** Ends every subscription with the error. */
  fail(error: Error): void;
};

const partitions = 26;

export function createMemoryEventLog(): MemoryEventLog {
  const topics = new Map<string, StoredRecord[]>();
  const groups = new Map<string, Group>();
  const wakers = new Set<() => void>();
  const failers = new Set<(error: Error) => void>();
  const recordsOf = (topic: string) => topics.get(topic) ?? [];
  const groupOf = (name: string) => {
    const group = groups.get(name) ?? { committed: new Map<string, number>() };
    groups.set(name, group);
    return group;
  };

  function store(record: LogRecord): void {
    const records = recordsOf(record.topic);
    const partition = ((record.key ?? 'a').codePointAt(0) ?? 0) % partitions;
    const offset = BigInt(records.filter((other) => other.partition === partition).length);
    topics.set(record.topic, [...records, { ...record, partition, offset, timestamp: Temporal.Now.instant() }]);
  }

  function subscribe(subscriber: Subscriber): Promise<Subscription> {
    const { committed } = groupOf(subscriber.group);
    const stopping = new AbortController();
    const failed = Promise.withResolvers<Error>();
    const underWay = new Set<Promise<void>>();
    const feeds = subscriber.topics.flatMap((topic) =>
      Array.from({ length: partitions }, (_, partition) => {
        const key = `${topic}/${partition}`;
        const present = recordsOf(topic).filter((record) => record.partition === partition).length;
        if (!committed.has(key)) committed.set(key, subscriber.initialOffset === 'latest' ? present : 0);
        return { topic, partition, key, next: committed.get(key) ?? 0, running: 0, done: new Set<number>() };
      }),
    );
    const handle = async (feed: (typeof feeds)[number], record: StoredRecord): Promise<void> => {
      try {
        await subscriber.onRecord(record, stopping.signal);
        feed.done.add(Number(record.offset));
        let next = committed.get(feed.key) ?? 0;
        while (feed.done.has(next)) next += 1;
        committed.set(feed.key, next);
      } catch (error) {
        if (!stopping.signal.aborted) failed.resolve(error instanceof Error ? error : new Error(String(error)));
      }
    };
    const pump = (): void => {
      for (const feed of feeds) {
        const records = recordsOf(feed.topic).filter((record) => record.partition === feed.partition);
        while (!stopping.signal.aborted && feed.running < subscriber.inFlightPerPartition) {
          const record = records[feed.next];
          if (!record) break;
          feed.next += 1;
          feed.running += 1;
          const work = handle(feed, record).finally(() => {
            underWay.delete(work);
            feed.running -= 1;
            pump();
          });
          underWay.add(work);
        }
      }
    };
    wakers.add(pump);
    failers.add(failed.resolve);
    pump();
    return Promise.resolve({
      failed: failed.promise,
      async stop() {
        stopping.abort(new Error('stopped'));
        wakers.delete(pump);
        failers.delete(failed.resolve);
        await Promise.all(underWay);
      },
    });
  }

  return {
    append(records) {
      for (const record of records) store(record);
      for (const wake of wakers) wake();
      return Promise.resolve();
    },
    subscribe,
    ensureTopics: (wanted: readonly Topic[]) => {
      for (const { name } of wanted) topics.set(name, recordsOf(name));
      return Promise.resolve();
    },
    async *read(topic) {
      yield* recordsOf(topic);
    },
    lag: (group, names) =>
      Promise.resolve(
        names.reduce((total, topic) => {
          const entries = [...groupOf(group).committed].filter(([key]) => key.startsWith(`${topic}/`));
          const done = entries.reduce((sum, [, offset]) => sum + offset, 0);
          return total + BigInt(recordsOf(topic).length - done);
        }, 0n),
      ),
    close: () => Promise.resolve(),
    records: recordsOf,
    fail(error) {
      for (const failer of failers) failer(error);
      wakers.clear();
      failers.clear();
    },
  };
}
