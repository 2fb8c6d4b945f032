import { connectDatabase, type Database, type DatabaseOptions, ping } from './client.ts';

/** A function's databases by what it calls them, each over connections of its own. */
export type Databases<Name extends string> = {
  readonly of: Readonly<Record<Name, Database>>;
  /** Each resolves when the database answers. */
  readonly pings: Readonly<Record<Name, () => Promise<void>>>;
  readonly close: () => Promise<void>;
};

/** Connects to each of the databases as `connectDatabase` does. */
export function connectDatabases<Name extends string>(
  urls: Readonly<Record<Name, string>>,
  options: DatabaseOptions,
): Databases<Name> {
  const of = mapValues(urls, (url) => connectDatabase(url, options));
  return {
    of,
    pings: mapValues(of, (db) => () => ping(db)),
    close: async () => {
      await Promise.all(Object.values<Database>(of).map(({ $client }) => $client.end()));
    },
  };
}

function mapValues<Name extends string, From, To>(
  record: Readonly<Record<Name, From>>,
  map: (value: From) => To,
): Record<Name, To> {
  const entries = Object.entries<From>(record).map(([name, value]) => [name, map(value)]);
  // The names are the record's own; `fromEntries` forgets them.
  return Object.fromEntries(entries) as Record<Name, To>;
}
