import { randomBytes, randomUUID } from 'node:crypto';

import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { openSeals } from '../../functions/seals.ts';
import { connectDatabase, type Database } from '../../shared/db/client.ts';
import { destroySubjectKey } from '../../shared/db/subject-keys.ts';
import { createDatabase, type TestDatabase } from '../support/services/database.ts';

const content = { email: 'camille@example.com', note: 'é🦊', parts: [1, null] };
const { sealFor, unseal } = openSeals(randomBytes(32));

describe('what is sealed for a patient', () => {
  let database: TestDatabase;
  let db: Database;
  let reader: Database;
  beforeAll(async () => {
    database = await createDatabase();
    db = connectDatabase(database.urlFor('careflow_patient'), { applicationName: 'test' });
    reader = connectDatabase(database.urlFor('careflow_patient_reader'), { applicationName: 'test' });
  });
  afterAll(async () => {
    await Promise.all([db.$client.end(), reader.$client.end()]);
    await database.drop();
  });

  const now = Temporal.Now.instant();

  async function keysOf(patientId: string) {
    const { rows } = await db.execute<{ wrapped_key: string | null }>(
      sql`SELECT wrapped_key FROM patient.subject_keys WHERE patient_id = ${patientId}`,
    );
    return rows.map((row) => row.wrapped_key);
  }

  it('opens again, whoever seals first, and shows nothing on the way', async () => {
    const [one, other] = [randomUUID(), randomUUID()];
    const sealed = await sealFor(reader, one, content);
    expect(await unseal(db, one, sealed)).toEqual(content);
    expect(await unseal(reader, other, await sealFor(db, other, 'text'))).toBe('text');
    expect(Buffer.from(sealed.split('.')[3] ?? '', 'base64url').toString('latin1')).not.toContain('camille');
    expect(await sealFor(db, one, content)).not.toBe(sealed);
  });

  it('opens for its patient only, however their id is written', async () => {
    const [one, other] = [randomUUID(), randomUUID()];
    const sealed = await sealFor(db, one, content);
    await sealFor(db, other, content);
    await expect(unseal(db, other, sealed)).rejects.toMatchObject({ code: 'unprocessable' });
    expect(await unseal(db, one.toUpperCase(), sealed)).toEqual(content);
    expect(await unseal(db, randomUUID(), sealed)).toBeUndefined();
  });

  it('opens no more once the key is destroyed, and nothing is sealed again', async () => {
    const patientId = randomUUID();
    const sealed = await sealFor(db, patientId, content);
    await destroySubjectKey(db, patientId, now);
    await destroySubjectKey(db, patientId, now.add({ hours: 1 }));
    expect([await unseal(db, patientId, sealed), await keysOf(patientId)]).toEqual([undefined, [null]]);
    await expect(sealFor(reader, patientId, content)).rejects.toMatchObject({ code: 'not-found' });
    expect(await keysOf(patientId)).toEqual([null]);
  });

  it('cannot be sealed for somebody who was erased before anything was', async () => {
    const patientId = randomUUID();
    await destroySubjectKey(db, patientId, now);
    await expect(sealFor(db, patientId, content)).rejects.toMatchObject({ code: 'not-found' });
  });

  it.each([
    ['another header', 0],
    ['another initialization vector', 2],
    ['other content', 3],
    ['another tag', 4],
  ])('is refused with %s', async (_, part) => {
    const patientId = randomUUID();
    const parts = (await sealFor(db, patientId, content)).split('.');
    const bytes = Buffer.from(parts[part] ?? '', 'base64url');
    bytes.writeUInt8(bytes.readUInt8(bytes.length - 2) ^ 1, bytes.length - 2);
    parts[part] = bytes.toString('base64url');
    await expect(unseal(db, patientId, parts.join('.'))).rejects.toMatchObject({ code: 'unprocessable' });
  });

  it.each(['', 'garbage', 'a.b.c.d.e', `${'x'.repeat(100)}....`])('is not %j', async (sealed) => {
    const patientId = randomUUID();
    await sealFor(db, patientId, content);
    await expect(unseal(db, patientId, sealed)).rejects.toMatchObject({ code: 'unprocessable' });
  });

  it('tells a wrong secret from wrong text: later it may be the right one', async () => {
    const patientId = randomUUID();
    const sealed = await sealFor(db, patientId, content);
    const mistaken = openSeals(randomBytes(32));
    for (const attempt of [mistaken.unseal(db, patientId, sealed), mistaken.sealFor(db, patientId, content)]) {
      const error: unknown = await attempt.catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({
        code: 'unavailable',
        cause: { message: expect.stringContaining('SUBJECT_KEYS_SECRET') },
      });
    }
  });

  it('has one key, however many seal at once', async () => {
    const patientId = randomUUID();
    const at = Array.from({ length: 12 }, (_, index) => sealFor(index % 2 === 0 ? db : reader, patientId, index));
    const sealed = await Promise.all(at);
    expect(await Promise.all(sealed.map((text) => unseal(db, patientId, text)))).toEqual(sealed.map((_, i) => i));
    expect(await keysOf(patientId)).toHaveLength(1);
  });

  it('is not for the reader to destroy', async () => {
    const patientId = randomUUID();
    await sealFor(reader, patientId, content);
    await expect(destroySubjectKey(reader, patientId, now)).rejects.toMatchObject({ cause: { code: '42501' } });
  });
});
