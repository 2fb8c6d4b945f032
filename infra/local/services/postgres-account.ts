import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';

import { runCommand } from './command.ts';
import { MissingRequirement } from './missing-requirement.ts';

/** Who the server runs as: `ids` when that is not the caller, with the options of setpriv(1) that make it so. */
export type Account = { ids?: { uid: number; gid: number }; privileges: string[] };

const USER = 'postgres';

/** The right to pass closed folders; access(2), by which initdb finds its binaries, asks for the secure bit as well. */
const LENT = ['--securebits=+no_setuid_fixup', '--inh-caps=+dac_override', '--ambient-caps=+dac_override'];

/** PostgreSQL refuses to run as root; root runs it as the user `postgres`, made where it is missing. */
export async function postgresAccount(paths: readonly string[]): Promise<Account> {
  if (process.getuid?.() !== 0) return { privileges: [] };
  const ids = (await findUser()) ?? (await createUser());
  const privileges = [`--reuid=${ids.uid}`, `--regid=${ids.gid}`, '--clear-groups'];
  const open = await Promise.all(paths.map(isReachableByAll));
  // A checkout below /root is closed to other users: the server is lent the one right that opens it.
  if (open.includes(false)) privileges.push(...LENT);
  return { ids, privileges };
}

async function findUser(): Promise<{ uid: number; gid: number } | undefined> {
  try {
    const [uid, gid] = await Promise.all([runCommand('id', ['-u', USER]), runCommand('id', ['-g', USER])]);
    return { uid: Number(uid), gid: Number(gid) };
  } catch {
    return undefined;
  }
}

async function createUser(): Promise<{ uid: number; gid: number }> {
  try {
    await runCommand('useradd', ['--system', '--user-group', '--no-create-home', USER]);
  } catch (cause) {
    throw new MissingRequirement(
      `PostgreSQL cannot run as root and the user ${USER} could not be made`,
      'run this as another user or set DATABASE_URL',
      { cause },
    );
  }
  const ids = await findUser();
  if (ids === undefined) throw new Error(`the user ${USER} was made but is not found`);
  return ids;
}

/** Whether every folder that leads to the path may be passed by everybody. */
async function isReachableByAll(path: string): Promise<boolean> {
  for (let folder = dirname(path); folder !== dirname(folder); folder = dirname(folder)) {
    const mode = await stat(folder).then(
      (found) => found.mode,
      () => 0o755,
    );
    if ((mode & 0o001) === 0) return false;
  }
  return true;
}
