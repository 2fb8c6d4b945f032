import { getTableConfig } from 'drizzle-orm/pg-core';
import { type SQL, sql } from 'drizzle-orm';

import type { Database } from './client.ts';
import type { OutgoingEvent } from './outbox.ts';
import type { OutboxTable } from './schema/outbox.ts';
import { statement } from './statement.ts';

/** Appends events to the log; rejects when any of them may not be there. */
export type AppendEvents = (events: readonly OutgoingEvent[]) => Promise<void>;

/**
 * Takes committed events from an outbox to the log, the oldest of a key first, and marks them sent. The rows stay locked
 * meanwhile, so two relays never pass one another within a key. At least once: a crash between append and commit appends
 * again.
 */
export type OutboxRelay = {
  /** Sends all that is unsent of the keys. */
  sendAll(keys: readonly string[]): Promise<void>;
  /** Sends up to `limit` of any key; resolves to how many there were. */
  send(limit: number): Promise<number>;
};

const BATCH = 500;

export function createOutboxRelay(db: Database, outbox: OutboxTable, append: AppendEvents): OutboxRelay {
  const [limit, keys] = [sql.placeholder('limit'), sql.placeholder('keys')];
  const name = `${getTableConfig(outbox).schema}_send`;
  const ofAnyKey = statement<OutgoingEvent>(
    name,
    sendingRows(
      outbox,
      sql`SELECT ctid FROM ${outbox} WHERE sent_at IS NULL ORDER BY partition_key, seq LIMIT ${limit} FOR UPDATE`,
    ),
  );
  // A look into the index for each key passes over what was sent before; a scan for all of them together would read it.
  const ofKeys = statement<OutgoingEvent>(
    `${name}_keys`,
    sendingRows(
      outbox,
      sql`SELECT unsent.ctid
        FROM (SELECT DISTINCT key FROM unnest(${keys}::text[]) AS key ORDER BY key) AS wanted, LATERAL (
          SELECT ctid FROM ${outbox} WHERE sent_at IS NULL AND partition_key = wanted.key
          ORDER BY seq LIMIT ${limit} FOR UPDATE
        ) AS unsent LIMIT ${limit}`,
    ),
  );

  async function relay(take: typeof ofKeys, values: Readonly<Record<string, unknown>>): Promise<number> {
    return db.transaction(async (tx) => {
      const { rows } = await take(tx, values);
      if (rows.length > 0) await append(rows);
      return rows.length;
    });
  }

  return {
    async sendAll(keys) {
      for (let sent = BATCH; sent === BATCH;) sent = await relay(ofKeys, { keys, limit: BATCH });
    },
    send: (limit) => relay(ofAnyKey, { limit }),
  };
}

/**
 * Marks rows that are found, and locked, in the order of their keys, whoever sends: so that none waits in a circle. Nobody
 * waits until the marks are on the disk: with those that a server loses as it falls, events are appended again, which is
 * what at least once means.
 */
function sendingRows(outbox: OutboxTable, found: SQL): SQL {
  return sql`WITH sent AS (
      UPDATE ${outbox} SET sent_at = clock_timestamp() WHERE ctid = ANY (ARRAY(${found}))
      RETURNING seq, topic, partition_key, event
    ), hasty AS (SELECT set_config('synchronous_commit', 'off', true))
    SELECT topic, partition_key AS "partitionKey", event FROM sent, hasty ORDER BY seq`;
}
