import { sql } from 'drizzle-orm';
import {
  NodePgDatabase,
  type NodePgQueryResultHKT,
  NodePgSession,
  type NodePgTransaction,
} from 'drizzle-orm/node-postgres';
import {
  type PgDatabase,
  PgDialect,
  type PgPreparedQuery,
  type PgTransactionConfig,
  type PreparedQueryConfig,
} from 'drizzle-orm/pg-core';
import pg from 'pg';

import { endsConnection, nameDriverError } from './driver-error.ts';

type NoSchema = Record<string, never>;

/** A context's database over a pool: ask it for `transaction`, or query it directly. */
export type Database = NodePgDatabase & { $client: pg.Pool };

/** What a query needs: the database, or a transaction of it. */
export type Queryable = PgDatabase<NodePgQueryResultHKT, NoSchema>;

export type DatabaseOptions = {
  /** Shown in pg_stat_activity. */
  applicationName: string;
  maxConnections?: number;
  connectTimeoutMs?: number;
  statementTimeoutMs?: number;
};

const CONNECT_TIMEOUT_MS = 10_000;
const STATEMENT_TIMEOUT_MS = 15_000;
/** How long a statement may take with the wait for a connection, unless a database is connected otherwise. */
export const ANSWER_TIMEOUT_MS = CONNECT_TIMEOUT_MS + STATEMENT_TIMEOUT_MS;

/** Times stay text until the schema's own types read them. */
const types: pg.CustomTypesConfig = {
  getTypeParser: (oid, format) =>
    oid === pg.types.builtins.TIMESTAMPTZ || oid === pg.types.builtins.DATE
      ? (value: string) => value
      : pg.types.getTypeParser(oid, format),
};

/**
 * A prepared statement keeps the plan of its first runs as long as its connection: it must not be the one that was right
 * while a table was empty. What a function asks for has an index.
 */
const INDEX_SCANS = '-c enable_seqscan=off';

/** A server ends a statement that takes too long; one that has not said so by then is gone. */
const SILENCE_MS = 2_000;

/** Connects lazily; a failure to connect or a lost connection is AppError `unavailable`. */
export function connectDatabase(url: string, options: DatabaseOptions): Database {
  const statementTimeoutMs = options.statementTimeoutMs ?? STATEMENT_TIMEOUT_MS;
  const pool = new LastingPool({
    connectionString: url,
    application_name: options.applicationName,
    max: options.maxConnections ?? 10,
    connectionTimeoutMillis: options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS,
    statement_timeout: statementTimeoutMs,
    // Of a server that is gone without a word nobody else would ever know.
    query_timeout: statementTimeoutMs + SILENCE_MS,
    idleTimeoutMillis: 30_000,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    options: INDEX_SCANS,
    types,
  });
  // A connection that breaks is replaced; whoever uses it, or asks for the next, is told by their own query.
  pool.on('error', () => undefined);
  pool.on('connect', (client) => client.on('error', () => undefined));
  const dialect = new PgDialect();
  return Object.assign(new NodePgDatabase(dialect, new PoolSession(pool, dialect), undefined), { $client: pool });
}

/** Resolves when the database answers. */
export async function ping(db: Database): Promise<void> {
  await db.execute(sql`SELECT 1`);
}

class LastingPool extends pg.Pool {
  // The driver's own drops the connection with every query that fails, and a slot that is taken is one.
  override query = (async (query: string | pg.QueryConfig, values?: unknown[]) => {
    return lend(await this.connect(), (client) => client.query(query, values));
  }) as pg.Pool['query'];
}

/** Tells what the driver reports by the names of `nameDriverError`. */
class NamedErrorSession extends NodePgSession<NoSchema, NoSchema> {
  override prepareQuery<Config extends PreparedQueryConfig = PreparedQueryConfig>(
    ...query: Parameters<NodePgSession<NoSchema, NoSchema>['prepareQuery']>
  ): PgPreparedQuery<Config> {
    const prepared = super.prepareQuery<Config>(...query);
    const execute = prepared.execute.bind(prepared);
    prepared.execute = (values) => execute(values).catch(rethrowNamed);
    return prepared;
  }
}

class PoolSession extends NamedErrorSession {
  readonly #pool: pg.Pool;

  constructor(pool: pg.Pool, dialect: PgDialect) {
    super(pool, dialect, undefined);
    this.#pool = pool;
  }

  // The driver's own never gives back a connection on which the transaction could not begin.
  override async transaction<Result>(
    work: (tx: NodePgTransaction<NoSchema, NoSchema>) => Promise<Result>,
    config?: PgTransactionConfig,
  ): Promise<Result> {
    const client = await this.#pool.connect().catch(rethrowNamed);
    return lend(client, () => new NamedErrorSession(client, this.dialect, undefined).transaction(work, config));
  }
}

/** Gives a connection back after its use, or up if it is about to end: the next to have it would be told so. */
async function lend<Result>(client: pg.PoolClient, use: (client: pg.PoolClient) => Promise<Result>): Promise<Result> {
  let isEnding = false;
  try {
    return await use(client);
  } catch (error) {
    isEnding = endsConnection(error);
    throw error;
  } finally {
    client.release(isEnding);
  }
}

function rethrowNamed(error: unknown): never {
  throw nameDriverError(error);
}
