import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll } from 'vitest';

/** A folder of the calling test file's own; to be asked for in a hook or at the top, and gone after the last test. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'careflow-test-'));
  afterAll(() => rm(folder, { recursive: true, force: true }));
  return folder;
}
