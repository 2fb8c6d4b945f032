import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** What the file of that name in the folder holds, which only its owner may read. It is made where there is none, and then stays. */
export async function keepSecret(home: string, name: string, make: () => string | Promise<string>): Promise<string> {
  const file = join(home, name);
  const kept = await readFile(file, 'utf8').catch(absent);
  if (kept !== undefined) return kept.trim();
  const made = await make();
  await mkdir(home, { recursive: true });
  // Whole or not at all: half a secret would be believed.
  await writeFile(`${file}.new`, made, { mode: 0o600 });
  await rename(`${file}.new`, file);
  return made;
}

function absent(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}
