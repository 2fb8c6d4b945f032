import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';

import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { connectDatabase, type Database, ping } from '../../../shared/db/client.ts';
import { createEmptyDatabase, type TestDatabase } from '../../support/services/database.ts';

const MANY = 25;

/** What PgBouncer takes without being told to. */
const TRACKED = ['user', 'database', 'client_encoding', 'application_name'];

/** The names in the packet with which a client begins: a length, a version, then each name and value. */
function startupParameters(packet: Buffer): string[] {
  const words = packet.subarray(8).toString().split('\0');
  return words.filter((word, index) => index % 2 === 0 && word !== '');
}

async function listen(server: Server): Promise<string> {
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const address = server.address();
  return `postgres://nobody@127.0.0.1:${typeof address === 'object' ? address?.port : undefined}/nothing`;
}

describe('a database', () => {
  let database: TestDatabase;
  let db: Database;
  let admin: Database;
  beforeAll(async () => {
    database = await createEmptyDatabase();
    db = connectDatabase(database.url, { applicationName: 'under-test', maxConnections: 2, connectTimeoutMs: 500 });
    admin = connectDatabase(database.url, { applicationName: 'admin' });
    await db.execute(sql`CREATE TABLE numbers (number integer PRIMARY KEY)`);
  });
  afterAll(async () => {
    await Promise.all([db.$client.end(), admin.$client.end()]);
    await database.drop();
  });

  const unavailable = expect.objectContaining({ code: 'unavailable' });

  async function backends(): Promise<number[]> {
    const { rows } = await admin.execute<{ pid: number }>(
      sql`SELECT pid FROM pg_stat_activity WHERE application_name = 'under-test' ORDER BY pid`,
    );
    return rows.map(({ pid }) => pid);
  }

  async function endBackends(): Promise<void> {
    await admin.execute(
      sql`SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = 'under-test'`,
    );
  }

  it('keeps its connections through queries that fail', async () => {
    await ping(db);
    const before = await backends();
    const failing = () => db.execute(sql`INSERT INTO numbers VALUES (1), (1)`);
    for (let count = 0; count < 5; count += 1) await expect(failing()).rejects.toThrow();
    expect(await backends()).toEqual(before);
  });

  it('calls a query unavailable whose connection is ended, and runs the next', async () => {
    const query = expect(db.execute(sql`SELECT pg_sleep(20)`)).rejects.toEqual(unavailable);
    await endBackends();
    await query;
    await ping(db);
  });

  it('outlives connections that are ended while a transaction waits for something else', async () => {
    const transaction = db.transaction(async (tx) => {
      await tx.execute(sql`INSERT INTO numbers VALUES (2)`);
      await endBackends();
      await tx.execute(sql`INSERT INTO numbers VALUES (3)`);
    });
    await expect(transaction).rejects.toEqual(unavailable);
    const { rows } = await db.execute(sql`SELECT * FROM numbers`);
    expect(rows).toEqual([]);
  });

  it('calls a transaction unavailable that cannot commit', async () => {
    const transaction = db.transaction(async (tx) => {
      await tx.execute(sql`INSERT INTO numbers VALUES (4)`);
      await endBackends();
    });
    await expect(transaction).rejects.toEqual(unavailable);
  });

  it('gives every connection back, whatever became of the transaction', async () => {
    for (let count = 0; count < MANY; count += 1) {
      await Promise.allSettled([
        db.transaction(() => Promise.reject(new Error('ours'))),
        db.transaction((tx) => tx.execute(sql`SELECT 1 / 0`)),
        db.transaction(() => endBackends()),
      ]);
    }
    await Promise.all([ping(db), ping(db), ping(db), ping(db)]);
    expect((await backends()).length).toBeLessThanOrEqual(2);
  });

  it('rejects with what the transaction rejected with', async () => {
    const error = new Error('ours');
    await expect(db.transaction(() => Promise.reject(error))).rejects.toBe(error);
  });

  it('calls a server unavailable that takes connections and says nothing', async () => {
    const silent = createServer();
    const mute = connectDatabase(await listen(silent), { applicationName: 'under-test', connectTimeoutMs: 100 });
    await expect(ping(mute)).rejects.toEqual(unavailable);
    await expect(mute.transaction(() => Promise.resolve())).rejects.toEqual(unavailable);
    silent.close();
  });

  it('calls a statement unavailable that takes too long', async () => {
    const hasty = connectDatabase(database.url, { applicationName: 'hasty', statementTimeoutMs: 50 });
    await expect(hasty.execute(sql`SELECT pg_sleep(5)`)).rejects.toEqual(unavailable);
    await hasty.$client.end();
  });

  it('begins with nothing that PgBouncer, as production sets it, would refuse', async () => {
    const guide = await readFile(new URL('../../../docs/production.md', import.meta.url), 'utf8');
    const ignored = /ignore_startup_parameters = ([\w,]+)/.exec(guide)?.[1]?.split(',') ?? [];
    const bouncer = createServer();
    const begun = once(bouncer, 'connection').then(([socket]) => once(socket, 'data').finally(() => socket.destroy()));
    const through = connectDatabase(await listen(bouncer), { applicationName: 'under-test' });
    await expect(ping(through)).rejects.toEqual(unavailable);
    const [packet] = await begun;
    expect(startupParameters(packet)).toEqual(expect.arrayContaining(['user', 'options']));
    expect([...TRACKED, ...ignored]).toEqual(expect.arrayContaining(startupParameters(packet)));
    bouncer.close();
  });
});
