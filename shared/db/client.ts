import { drizzle, type NodePgDatabase, type NodePgQueryResultHKT } from 'drizzle-orm/node-postgres';
import type { PgDatabase } from 'drizzle-orm/pg-core';
import pg from 'pg';

import { nameDriverError } from './driver-error.ts';

/** A context's database over a pool: ask it for `transaction`, or query it directly. */
export type Database = NodePgDatabase & { $client: pg.Pool };

/** What a query needs: the database, or a transaction of it. */
export type Queryable = PgDatabase<NodePgQueryResultHKT, Record<string, never>>;

export type DatabaseOptions = {
  /** Shown in pg_stat_activity. */
  applicationName: string;
  maxConnections?: number;
  connectTimeoutMs?: number;
  statementTimeoutMs?: number;
};

/** Times stay text until the schema's own types read them. */
const types: pg.CustomTypesConfig = {
  getTypeParser: (oid, format) =>
    oid === pg.types.builtins.TIMESTAMPTZ || oid === pg.types.builtins.DATE
      ? (value: string) => value
      : pg.types.getTypeParser(oid, format),
};

/** Connects lazily; a failure to connect or a lost connection is AppError `unavailable`. */
export function connectDatabase(url: string, options: DatabaseOptions): Database {
  const pool = new NamedErrorPool({
    connectionString: url,
    application_name: options.applicationName,
    max: options.maxConnections ?? 10,
    connectionTimeoutMillis: options.connectTimeoutMs ?? 3_000,
    statement_timeout: options.statementTimeoutMs ?? 15_000,
    idleTimeoutMillis: 30_000,
    keepAlive: true,
    types,
    Client: NamedErrorClient,
  });
  // An idle connection that breaks is replaced at the next query, which reports what is still wrong then.
  pool.on('error', () => undefined);
  return drizzle(pool);
}

/** Resolves when the database answers. */
export async function ping(db: Database): Promise<void> {
  await db.$client.query('SELECT 1');
}

class NamedErrorClient extends pg.Client {
  // The driver's overloads (callback, promise, submittable) share one implementation; only promises are renamed.
  override query: pg.Client['query'] = ((...args: Parameters<pg.Client['query']>) => {
    const answer: unknown = super.query(...args);
    return answer instanceof Promise ? answer.catch(rethrowNamed) : answer;
  }) as pg.Client['query'];
}

class NamedErrorPool extends pg.Pool {
  override connect: pg.Pool['connect'] = ((...args: Parameters<pg.Pool['connect']>) => {
    const answer: unknown = super.connect(...args);
    return answer instanceof Promise ? answer.catch(rethrowNamed) : answer;
  }) as pg.Pool['connect'];

  override query: pg.Pool['query'] = ((...args: Parameters<pg.Pool['query']>) => {
    const answer: unknown = super.query(...args);
    return answer instanceof Promise ? answer.catch(rethrowNamed) : answer;
  }) as pg.Pool['query'];
}

function rethrowNamed(error: unknown): never {
  throw nameDriverError(error);
}
