import { randomUUID } from 'node:crypto';

import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { connectDatabase, type Database, type Queryable } from '../../../shared/db/client.ts';
import { forgetProcessed, once } from '../../../shared/db/inbox.ts';
import { notificationInbox as inbox } from '../../../shared/db/schema/notification.ts';
import { createDatabase, type TestDatabase } from '../../support/services/database.ts';
import { until } from '../../support/until.ts';

describe('an event that is taken once', () => {
  let database: TestDatabase;
  let db: Database;
  let admin: Database;
  let effects: string[];
  beforeAll(async () => {
    database = await createDatabase();
    db = connectDatabase(database.urlFor('careflow_notification'), { applicationName: 'consumer' });
    admin = connectDatabase(database.url, { applicationName: 'admin' });
  });
  afterAll(async () => {
    await Promise.all([db.$client.end(), admin.$client.end()]);
    await database.drop();
  });
  beforeEach(() => {
    effects = [];
  });

  function anEvent() {
    return { source: '/careflow/booking', id: randomUUID() };
  }

  function effect(name: string): () => Promise<string> {
    return async () => {
      effects.push(name);
      return name;
    };
  }

  /** An effect that is under way from `started` on until it is told how to end. */
  function lastingEffect() {
    const started = Promise.withResolvers<void>();
    const end = Promise.withResolvers<string>();
    const run = async (): Promise<string> => {
      started.resolve();
      effects.push('first');
      return end.promise;
    };
    return { run, started: started.promise, end };
  }

  /** Resolves when somebody waits for a lock that another has. */
  async function waiter(): Promise<void> {
    const waits = async () => {
      const { rowCount } = await admin.execute(
        sql`SELECT FROM pg_stat_activity WHERE application_name = 'consumer' AND wait_event_type = 'Lock'`,
      );
      return rowCount === 1;
    };
    await until(waits, { what: 'the duplicate to wait' });
  }

  it('has its effect, and none when it comes again', async () => {
    const event = anEvent();
    expect(await once(db, inbox, 'mail', event, effect('first'))).toBe('first');
    expect(await once(db, inbox, 'mail', event, effect('second'))).toBeUndefined();
    expect(effects).toEqual(['first']);
  });

  it('has its effect for each consumer, and from each source', async () => {
    const event = anEvent();
    await once(db, inbox, 'mail', event, effect('mail'));
    await once(db, inbox, 'text', event, effect('text'));
    await once(db, inbox, 'mail', { ...event, source: '/elsewhere' }, effect('elsewhere'));
    expect(effects).toEqual(['mail', 'text', 'elsewhere']);
  });

  it('has its effect when it comes again after the effect failed', async () => {
    const event = anEvent();
    const failing = once(db, inbox, 'mail', event, () => Promise.reject(new Error('no')));
    await expect(failing).rejects.toThrow('no');
    expect(await once(db, inbox, 'mail', event, effect('second'))).toBe('second');
  });

  it('lets a duplicate wait for the first, and do nothing where that commits', async () => {
    const event = anEvent();
    const lasting = lastingEffect();
    const first = once(db, inbox, 'mail', event, lasting.run);
    await lasting.started;
    const duplicate = once(db, inbox, 'mail', event, effect('second'));
    await waiter();
    lasting.end.resolve('done');
    expect([await first, await duplicate, effects]).toEqual(['done', undefined, ['first']]);
  });

  it('lets a duplicate that waited have the effect where the first fails', async () => {
    const event = anEvent();
    const lasting = lastingEffect();
    const first = expect(once(db, inbox, 'mail', event, lasting.run)).rejects.toThrow('no');
    await lasting.started;
    const duplicate = once(db, inbox, 'mail', event, effect('second'));
    await waiter();
    lasting.end.reject(new Error('no'));
    await first;
    expect([await duplicate, effects]).toEqual(['second', ['first', 'second']]);
  });

  it('sends a duplicate away to come again where the first takes too long', async () => {
    const event = anEvent();
    const lasting = lastingEffect();
    const first = once(db, inbox, 'mail', event, lasting.run);
    await lasting.started;
    const inProgress = expect.objectContaining({ code: 'in-progress' });
    await expect(once(db, inbox, 'mail', event, effect('second'))).rejects.toEqual(inProgress);
    lasting.end.resolve('done');
    expect([await first, effects]).toEqual(['done', ['first']]);
  });

  it('has one effect, however many deliveries come at once', async () => {
    const event = anEvent();
    const answers = await Promise.all(Array.from({ length: 8 }, () => once(db, inbox, 'mail', event, effect('only'))));
    expect([answers.filter((answer) => answer === 'only'), effects]).toEqual([['only'], ['only']]);
  });

  it('commits the effect with the claim, or neither', async () => {
    const event = anEvent();
    const writing = async (tx: Queryable) => {
      await tx.execute(
        sql`INSERT INTO notification.suppressed_addresses (address_hash, reason) VALUES ('\\x01', 'bounced')`,
      );
      throw new Error('after the write');
    };
    await expect(once(db, inbox, 'mail', event, writing)).rejects.toThrow('after the write');
    const { rows } = await db.execute(sql`SELECT FROM notification.suppressed_addresses`);
    expect(rows).toEqual([]);
  });

  it('is remembered until it is forgotten', async () => {
    const event = anEvent();
    await once(db, inbox, 'mail', event, effect('first'));
    await forgetProcessed(db, inbox, Temporal.Now.instant().subtract({ hours: 1 }));
    expect(await once(db, inbox, 'mail', event, effect('second'))).toBeUndefined();
    await forgetProcessed(db, inbox, Temporal.Now.instant().add({ hours: 1 }));
    expect(await once(db, inbox, 'mail', event, effect('third'))).toBe('third');
  });
});
