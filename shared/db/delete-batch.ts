import { type SQL, sql, type Table } from 'drizzle-orm';

import type { Queryable } from './client.ts';

/** Long enough to be worth its round trip, short enough for any statement's time limit. */
const BATCH_ROWS = 5_000;

/** Deletes a batch of the rows that match; resolves to how many there were, 0 when none is left. */
export async function deleteBatch(db: Queryable, table: Table, matching: SQL): Promise<number> {
  const batch = sql`SELECT ctid FROM ${table} WHERE ${matching} LIMIT ${BATCH_ROWS}`;
  const { rowCount } = await db.execute(sql`DELETE FROM ${table} WHERE ctid = ANY(ARRAY(${batch}))`);
  return rowCount ?? 0;
}
