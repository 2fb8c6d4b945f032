import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { z } from 'zod';

import { careflowHome } from './home.ts';

/** What the commands beside `npm start` need to know of the running platform. */
const Platform = z.object({
  pid: z.int(),
  gateway: z.url(),
  oidc: z.url(),
  mailbox: z.url(),
  environment: z.record(z.string(), z.string()),
});

export type Platform = z.infer<typeof Platform>;

/** Throws with what to do when the platform does not run. */
export async function readPlatform(home = careflowHome()): Promise<Platform> {
  const platform = await findPlatform(home);
  if (platform === undefined)
    throw new Error('The platform is not running. Start it with `npm start`, then try again.');
  return platform;
}

/** The platform that runs at this moment; a file that a killed one left behind is none. */
export async function findPlatform(home = careflowHome()): Promise<Platform | undefined> {
  const text = await readFile(fileOf(home), 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const platform = Platform.parse(JSON.parse(text));
  return isRunning(platform.pid) ? platform : undefined;
}

/** Whoever looks finds it whole or not at all. */
export async function writePlatform(platform: Platform, home = careflowHome()): Promise<void> {
  const [file, half] = [fileOf(home), `${fileOf(home)}.new`];
  await mkdir(dirname(file), { recursive: true });
  await writeFile(half, JSON.stringify(platform, null, 2), { mode: 0o600 });
  await rename(half, file);
}

export async function removePlatform(home = careflowHome()): Promise<void> {
  await rm(fileOf(home), { force: true });
}

function fileOf(home: string): string {
  return join(home, 'run', 'platform.json');
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
