import { randomUUID } from 'node:crypto';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { settle } from '../../../infra/pour/set-aside.ts';
import { connectDatabase, type Database } from '../../../shared/db/client.ts';
import { insertMessage, type LabMessageRow, setMessageState } from '../../../shared/db/lab-messages.ts';
import { createDatabase, type TestDatabase } from '../../support/services/database.ts';

const since = Temporal.Now.instant();

let database: TestDatabase;
let db: Database;
let message: LabMessageRow;
beforeAll(async () => {
  database = await createDatabase();
  db = connectDatabase(database.url, { applicationName: 'pour-test' });
  message = {
    id: randomUUID(),
    receivedAt: since.add({ milliseconds: 1 }).round('millisecond'),
    country: 'fr',
    sender: 'VALMY-LIS|LABO-VALMY',
    controlId: 'SETTLE-1',
    contentHash: Buffer.from('0'),
    mediaType: 'application/hl7-v2',
    via: 'http',
    state: 'received',
  };
  await insertMessage(db, message);
});
afterAll(async () => {
  await db.$client.end();
  await database.drop();
});

describe('waiting for messages to be seen to', () => {
  it('ends after its time and tells how many are left', async () => {
    expect(await settle(database.url, since, 0)).toBe(1);
  });

  it('does not wait for what came before', async () => {
    expect(await settle(database.url, message.receivedAt.add({ seconds: 1 }), 60_000)).toBe(0);
  });

  it('ends as soon as the last one has been', async () => {
    const settled = settle(database.url, since, 60_000);
    await setMessageState(db, message, 'applied');
    expect(await settled).toBe(0);
  });
});
