import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, it } from 'vitest';

import {
  findPlatform,
  type Platform,
  readPlatform,
  removePlatform,
  writePlatform,
} from '../../infra/local/platform-file.ts';

let home: string;
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'careflow-platform-'));
});
afterAll(() => rm(home, { recursive: true }));

const url = 'http://127.0.0.1:1';

/** So much environment that it is not written in one go. */
const platform: Platform = {
  pid: process.pid,
  gateway: url,
  oidc: url,
  mailbox: url,
  environment: { LONG: 'x'.repeat(4 * 1024 * 1024) },
};

it('is found whole or not at all while it is being written', async () => {
  let isWriting = true;
  const writing = (async () => {
    for (let count = 0; count < 20; count += 1) await writePlatform(platform, home);
    isWriting = false;
  })();
  const found = new Set<number | undefined>();
  while (isWriting) found.add((await findPlatform(home))?.environment['LONG']?.length);
  await writing;
  found.delete(undefined);
  expect([...found]).toEqual([4 * 1024 * 1024]);
});

it('is none once its process is gone, and says what to do', async () => {
  await writePlatform({ ...platform, pid: 2 ** 30 }, home);
  expect(await findPlatform(home)).toBeUndefined();
  await removePlatform(home);
  await expect(readPlatform(home)).rejects.toThrow('npm start');
});
