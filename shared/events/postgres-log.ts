import { AppError } from '../errors.ts';
import { APPEND_DEADLINE_MS, createAppendQueue } from './append-queue.ts';
import type { EventLog, EventLogOptions, LogRecord, StoredRecord, Topic } from './event-log.ts';
import { partitionOfKey } from './partition-of-key.ts';
import { connectLogDatabase, type LogDatabase } from './postgres-log-database.ts';
import { CHANNEL, createLogListener } from './postgres-log-listener.ts';
import { readPage } from './postgres-log-records.ts';
import { subscribeToPostgres } from './postgres-subscription.ts';

/** The embedded event log: what Kafka keeps, with the same partitions, groups and offsets, in a PostgreSQL database. */
export function createPostgresLog(url: string, options: EventLogOptions): EventLog {
  const { clientId, log, appendDeadlineMs = APPEND_DEADLINE_MS } = options;
  const database = connectLogDatabase(url, clientId);
  const listener = createLogListener(url, clientId);
  const partitionsOf = rememberPartitions(database);
  const queue = createAppendQueue((records) => insert(database, partitionsOf, records), appendDeadlineMs);
  return {
    append: queue.append,
    subscribe: (subscriber) => subscribeToPostgres(database, listener, subscriber, log),
    ensureTopics: (topics) => createMissing(database, topics),
    read: (topic) => readTopic(database, topic),
    lag: (group, topics) => lagOf(database, group, topics),
    async close() {
      await queue.drain();
      await database.close();
    },
  };
}

type PartitionsOf = (topic: string) => Promise<number>;

/** A topic keeps its partitions for good. */
function rememberPartitions(database: LogDatabase): PartitionsOf {
  const known = new Map<string, number>();
  return async (topic) => {
    const remembered = known.get(topic);
    if (remembered !== undefined) return remembered;
    const sql = 'SELECT count(*)::int AS partitions FROM event_log.partitions WHERE topic = $1';
    const [row] = await database.query<{ partitions: number }>(sql, [topic]);
    if (!row?.partitions) throw new AppError('unavailable', `there is no topic ${topic}`);
    known.set(topic, row.partitions);
    return row.partitions;
  };
}

const INSERT = `
  WITH given AS (
    SELECT * FROM unnest($1::text[], $2::int[], $3::text[], $4::bytea[], $5::json[])
      WITH ORDINALITY AS record (topic, partition, key, value, headers, position)
  ), wanted AS (
    SELECT topic, partition, count(*) AS records FROM given GROUP BY topic, partition
  ), locked AS (
    SELECT p.topic, p.partition, p.next_offset, wanted.records
    FROM event_log.partitions p JOIN wanted USING (topic, partition)
    ORDER BY p.topic, p.partition
    FOR UPDATE OF p
  ), advanced AS (
    UPDATE event_log.partitions p SET next_offset = locked.next_offset + locked.records
    FROM locked WHERE p.topic = locked.topic AND p.partition = locked.partition
    RETURNING p.topic, p.partition, locked.next_offset AS first_offset
  ), appended AS (
    INSERT INTO event_log.records (topic, partition, record_offset, key, value, headers)
    SELECT topic, partition, first_offset + row_number() OVER (PARTITION BY topic, partition ORDER BY position) - 1,
           key, value, headers
    FROM given JOIN advanced USING (topic, partition)
  )
  SELECT pg_notify('${CHANNEL}', topic) FROM (SELECT DISTINCT topic FROM wanted) AS topics`;

async function insert(database: LogDatabase, partitionsOf: PartitionsOf, records: readonly LogRecord[]): Promise<void> {
  const partitions = await Promise.all(
    records.map(async ({ topic, key }) => choosePartition(key, await partitionsOf(topic))),
  );
  await database.query(INSERT, [
    records.map(({ topic }) => topic),
    partitions,
    records.map(({ key }) => key),
    records.map(({ value }) => value),
    records.map(({ headers }) => JSON.stringify(headers)),
  ]);
}

function choosePartition(key: string | null, partitions: number): number {
  return key === null ? Math.floor(Math.random() * partitions) : partitionOfKey(key, partitions);
}

async function createMissing(database: LogDatabase, topics: readonly Topic[]): Promise<void> {
  await database.query(
    `WITH given AS (
       SELECT * FROM unnest($1::text[], $2::int[], $3::jsonb[]) AS topic (name, partitions, config)
     ), created AS (
       INSERT INTO event_log.topics (name, config) SELECT name, config FROM given
       ON CONFLICT DO NOTHING RETURNING name
     )
     INSERT INTO event_log.partitions (topic, partition)
     SELECT name, generate_series(0, partitions - 1) FROM given JOIN created USING (name)`,
    [
      topics.map(({ name }) => name),
      topics.map(({ partitions }) => partitions),
      topics.map(({ config = {} }) => JSON.stringify(config)),
    ],
  );
  await dropExpired(database);
}

/** Retention is kept whenever topics are looked after: at each start. */
async function dropExpired(database: LogDatabase): Promise<void> {
  await database.query(
    `DELETE FROM event_log.records USING event_log.topics
     WHERE topic = name AND (config->>'retention.ms')::bigint >= 0
       AND appended_at < now() - (config->>'retention.ms')::bigint * interval '1 ms'`,
  );
}

async function* readTopic(database: LogDatabase, topic: string): AsyncGenerator<StoredRecord> {
  const partitions = await database.query<{ partition: number; end: string }>(
    'SELECT partition, next_offset AS "end" FROM event_log.partitions WHERE topic = $1 ORDER BY partition',
    [topic],
  );
  for (const { partition, end } of partitions) {
    for (let next = 0n; next < BigInt(end);) {
      const page = await readPage(database, { topic, partition, from: next, to: BigInt(end) });
      yield* page;
      next = (page.at(-1)?.offset ?? BigInt(end)) + 1n;
    }
  }
}

async function lagOf(database: LogDatabase, group: string, topics: readonly string[]): Promise<bigint> {
  const [row] = await database.query<{ lag: string }>(
    `SELECT coalesce(sum(p.next_offset - coalesce(position.next_offset, oldest.record_offset, p.next_offset)), 0) AS lag
     FROM event_log.partitions p
     LEFT JOIN event_log.positions position
       ON position.group_name = $1 AND position.topic = p.topic AND position.partition = p.partition
     LEFT JOIN LATERAL (
       SELECT record_offset FROM event_log.records r WHERE r.topic = p.topic AND r.partition = p.partition
       ORDER BY record_offset LIMIT 1
     ) oldest ON true
     WHERE p.topic = ANY($2)`,
    [group, topics],
  );
  return BigInt(row?.lag ?? 0);
}
