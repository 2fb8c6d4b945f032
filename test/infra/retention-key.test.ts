import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';

import { compactDecrypt, importJWK } from 'jose';
import { beforeAll, expect, it } from 'vitest';

import { settings } from '../../functions/worker/config.ts';
import { keepRetentionKey } from '../../infra/local/retention-key.ts';
import { openRetention } from '../../shared/identity/retention.ts';
import { readConfig } from '../../shared/runtime/config.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

let folder: string;
beforeAll(async () => {
  folder = await temporaryFolder();
});

const { RETENTION_PUBLIC_KEY } = settings;
const read = (key: string) => readConfig({ RETENTION_PUBLIC_KEY: key }, { RETENTION_PUBLIC_KEY }).RETENTION_PUBLIC_KEY;

it('is made once, for its owner only, outlasts a restart, and opens what its public half seals', async () => {
  const home = join(folder, 'home');
  const publicKey = await keepRetentionKey(home);
  expect([await keepRetentionKey(home), JSON.parse(publicKey)]).toEqual([
    publicKey,
    expect.not.objectContaining({ d: expect.anything() }),
  ]);
  const file = join(home, 'retention-key.json');
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  const sealed = await openRetention(read(publicKey))({ kept: 'by law' });
  const privateKey = await importJWK(JSON.parse(await readFile(file, 'utf8')), 'ECDH-ES+A256KW');
  expect(JSON.parse(Buffer.from((await compactDecrypt(sealed, privateKey)).plaintext).toString())).toEqual({
    kept: 'by law',
  });
});

it('is refused where it is none, and where it would let a function read what law keeps', async () => {
  const key: object = JSON.parse(await keepRetentionKey(join(folder, 'other')));
  for (const wrong of [
    'text',
    '{}',
    '[]',
    'null',
    JSON.stringify({ ...key, d: 'private' }),
    JSON.stringify({ ...key, crv: 'P-384' }),
  ]) {
    expect(() => read(wrong)).toThrow('RETENTION_PUBLIC_KEY is not a public key');
  }
});
