import { readdir, readFile } from 'node:fs/promises';

/** The processes whose command lines contain the text. */
export async function processesOf(text: string): Promise<number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const commandLines = await Promise.all(pids.map(commandLineOf));
  return pids.filter((pid, at) => pid !== process.pid && commandLines[at]?.includes(text));
}

async function commandLineOf(pid: number): Promise<string> {
  return readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
}
