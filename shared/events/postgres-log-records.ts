import type { StoredRecord } from './event-log.ts';
import type { LogDatabase } from './postgres-log-database.ts';

export type PageOfPartition = { topic: string; partition: number; from: bigint; to: bigint };

type Row = {
  record_offset: string;
  appended_at: string;
  key: string | null;
  value: Buffer | null;
  headers: Record<string, string>;
};

const MOST_RECORDS = 500;
const MOST_BYTES = 1024 * 1024;

/** The partition's next records, as many as fit into a page, the first one always. */
export async function readPage(database: LogDatabase, page: PageOfPartition): Promise<StoredRecord[]> {
  const { topic, partition, from, to } = page;
  const rows = await database.query<Row>(
    `SELECT record_offset, extract(epoch FROM appended_at) * 1000 AS appended_at, key, value, headers
     FROM (
       SELECT *, sum(octet_length(value)) OVER (ORDER BY record_offset ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
         AS bytes_before
       FROM (
         SELECT * FROM event_log.records
         WHERE topic = $1 AND partition = $2 AND record_offset >= $3 AND record_offset < $4
         ORDER BY record_offset LIMIT ${MOST_RECORDS}
       ) AS following
     ) AS measured
     WHERE coalesce(bytes_before, 0) < ${MOST_BYTES}
     ORDER BY record_offset`,
    [topic, partition, String(from), String(to)],
  );
  return rows.map(({ record_offset, appended_at, key, value, headers }) => ({
    topic,
    partition,
    offset: BigInt(record_offset),
    timestamp: Temporal.Instant.fromEpochMilliseconds(Math.trunc(Number(appended_at))),
    key,
    value,
    headers,
  }));
}
