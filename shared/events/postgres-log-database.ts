import pg from 'pg';

import { AppError } from '../errors.ts';
import { POSTGRES_LOG_LOCK, POSTGRES_LOG_SCHEMA } from './postgres-log-schema.ts';

/** The embedded log's database; every failure to reach it is AppError `unavailable`. */
export type LogDatabase = {
  query<Row extends pg.QueryResultRow>(sql: string, values?: readonly unknown[]): Promise<Row[]>;
  transaction<Result>(work: (query: LogDatabase['query']) => Promise<Result>): Promise<Result>;
  close(): Promise<void>;
};

const STATEMENT_TIMEOUT_MS = 10_000;

/** SQLSTATE classes of what the sender did wrong: no later attempt cures them. */
const LASTING = /^(22|23|42)/;

export function connectLogDatabase(url: string, applicationName: string): LogDatabase {
  const pool = new pg.Pool({
    connectionString: url,
    application_name: applicationName,
    max: 8,
    connectionTimeoutMillis: 3_000,
    statement_timeout: STATEMENT_TIMEOUT_MS,
    idleTimeoutMillis: 10_000,
    keepAlive: true,
  });
  // A connection that breaks is replaced at the next use, and whoever uses it hears of it from the query.
  pool.on('error', () => undefined);
  pool.on('connect', (client) => client.on('error', () => undefined));
  let prepared: Promise<void> | undefined;

  async function withClient<Result>(work: (client: pg.PoolClient) => Promise<Result>): Promise<Result> {
    let client: pg.PoolClient | undefined;
    let failure: Error | undefined;
    try {
      prepared ??= makeTables(pool);
      await prepared;
      client = await pool.connect();
      return await work(client);
    } catch (error) {
      failure = nameLogError(error);
      if (client === undefined) prepared = undefined;
      throw failure;
    } finally {
      client?.release(failure);
    }
  }

  return {
    query: (sql, values = []) =>
      withClient(async (client) => (await client.query({ text: sql, values: [...values] })).rows),
    transaction: (work) =>
      withClient(async (client) => {
        await client.query('BEGIN');
        const result = await work(
          async (sql, values = []) => (await client.query({ text: sql, values: [...values] })).rows,
        );
        await client.query('COMMIT');
        return result;
      }),
    close: () => pool.end(),
  };
}

/** Two that make tables of one name at once collide, "if not exists" or not: they take turns. */
async function makeTables(pool: pg.Pool): Promise<void> {
  await pool.query(`BEGIN; SELECT pg_advisory_xact_lock(${POSTGRES_LOG_LOCK}); ${POSTGRES_LOG_SCHEMA} COMMIT;`);
}

function nameLogError(error: unknown): Error {
  if (error instanceof AppError) return error;
  if (error instanceof pg.DatabaseError && LASTING.test(error.code ?? '')) return error;
  return new AppError('unavailable', 'the event log does not answer', {}, { cause: error });
}
