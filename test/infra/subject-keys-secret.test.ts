import { stat } from 'node:fs/promises';
import { join } from 'node:path';

import { beforeAll, expect, it } from 'vitest';

import { keepSubjectKeysSecret } from '../../infra/local/subject-keys-secret.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

let folder: string;
beforeAll(async () => {
  folder = await temporaryFolder();
});

it('is made once, for its owner only, and outlasts a restart', async () => {
  const home = join(folder, 'home');
  const secret = await keepSubjectKeysSecret(home);
  expect(Buffer.from(secret, 'base64url')).toHaveLength(32);
  expect(await keepSubjectKeysSecret(home)).toBe(secret);
  expect((await stat(join(home, 'subject-keys-secret'))).mode & 0o777).toBe(0o600);
  expect(await keepSubjectKeysSecret(join(folder, 'other'))).not.toBe(secret);
});
