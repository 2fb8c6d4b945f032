import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { MissingRequirement } from './missing-requirement.ts';

/** Tells the next start which process a killed parent left behind. */
export async function noteProcess(pidFile: string, pid: number | undefined): Promise<void> {
  await mkdir(dirname(pidFile), { recursive: true });
  await writeFile(pidFile, JSON.stringify({ pid, parent: process.pid }));
}

type Leftover = { name: string; pidFile: string; mark: string; stopTimeoutMs: number };

/**
 * Ends the process named in the pid file when its parent died without ending it.
 * Throws MissingRequirement when its parent still lives: two platforms would share one data folder.
 */
export async function endLeftover({ name, pidFile, mark, stopTimeoutMs }: Leftover): Promise<void> {
  const noted = await readNote(pidFile);
  if (noted === undefined) return;
  if (await isOurs(noted.pid, mark)) {
    if ((await parentOf(noted.pid)) === noted.parent) {
      throw new MissingRequirement(
        `${name} already runs on ${mark}, started by process ${noted.parent}`,
        'stop that one, or set CAREFLOW_HOME to another folder',
      );
    }
    await endProcess(noted.pid, mark, stopTimeoutMs);
  }
  await rm(pidFile, { force: true });
}

/** The same for every pid file (`*.pid`) of a folder. */
export async function endLeftovers(folder: string, leftover: Omit<Leftover, 'pidFile'>): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  const files = names.filter((name) => name.endsWith('.pid'));
  await Promise.all(files.map((file) => endLeftover({ ...leftover, pidFile: join(folder, file) })));
}

async function endProcess(pid: number, mark: string, timeoutMs: number): Promise<void> {
  process.kill(pid, 'SIGINT');
  const deadline = Date.now() + timeoutMs;
  while (await isOurs(pid, mark)) {
    if (Date.now() > deadline) process.kill(pid, 'SIGKILL');
    await delay(40);
  }
}

async function readNote(pidFile: string): Promise<{ pid: number; parent: number } | undefined> {
  const text = await readFile(pidFile, 'utf8').catch(() => '');
  const [pid, parent] = (text.match(/\d+/g) ?? []).map(Number);
  return pid === undefined || parent === undefined ? undefined : { pid, parent };
}

async function isOurs(pid: number, mark: string): Promise<boolean> {
  const commandLine = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  return commandLine.includes(mark);
}

async function parentOf(pid: number): Promise<number | undefined> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  const parent = /^PPid:\s+(\d+)$/m.exec(status)?.[1];
  return parent === undefined ? undefined : Number(parent);
}
