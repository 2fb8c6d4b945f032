import { mkdir, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';

import { findExecutable, runCommand } from './command.ts';
import { MissingRequirement } from './missing-requirement.ts';
import { startService, type Service } from './process.ts';

export type RedisOptions = {
  dir: string;
  port: number;
  logFile: string;
  databases?: number;
  onExit?: (reason: string) => void;
};

/** Redis as a cache: loopback only, nothing on disk. */
export async function startRedis({ dir, port, logFile, databases = 16, onExit }: RedisOptions): Promise<Service> {
  const command = (await findExecutable('redis-server')) ?? (await installRedis());
  const config = join(dir, 'redis.conf');
  return startService(
    {
      name: 'Redis',
      command,
      args: [config],
      logFile,
      pidFile: join(dir, 'redis.pid'),
      mark: config,
      stopSignal: 'SIGTERM',
      stopTimeoutMs: 5_000,
      startTimeoutMs: 10_000,
      prepare: async () => {
        await mkdir(dir, { recursive: true });
        await writeFile(config, configuration(dir, port, databases));
      },
      isReady: (pid) => isProcess(port, pid),
      ...(onExit && { onExit }),
    },
    `redis://127.0.0.1:${port}`,
  );
}

function configuration(dir: string, port: number, databases: number): string {
  return [
    'bind 127.0.0.1',
    `port ${port}`,
    `dir ${JSON.stringify(dir)}`,
    `databases ${databases}`,
    'save ""',
    'appendonly no',
    'daemonize no',
    // The command line stays as it was given: a later start knows this process by it.
    'set-proc-title no',
    '',
  ].join('\n');
}

/** Whether it is that process which answers at the port. */
async function isProcess(port: number, pid: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  socket.setTimeout(1_000, () => socket.destroy());
  try {
    socket.write('INFO server\r\n');
    let text = '';
    for await (const chunk of socket) {
      text += String(chunk);
      const answered = /^process_id:(\d+)\r$/m.exec(text)?.[1];
      if (answered !== undefined || text.startsWith('-')) return Number(answered) === pid;
    }
    return false;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

async function installRedis(): Promise<string> {
  const asRoot = await rootPrefix();
  if (asRoot === undefined || (await findExecutable('apt-get')) === undefined) {
    throw new MissingRequirement(
      'Redis is not installed',
      'install it (sudo apt-get install redis-server) or set REDIS_URL',
    );
  }
  const [command, ...prefix] = [...asRoot, 'apt-get'];
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  try {
    await runCommand(command, [...prefix, 'update'], { env });
    await runCommand(command, [...prefix, 'install', '-y', '--no-install-recommends', 'redis-server'], { env });
  } catch (cause) {
    throw new MissingRequirement('Redis could not be installed', 'run apt-get install redis-server or set REDIS_URL', {
      cause,
    });
  }
  return 'redis-server';
}

/** What to put before a command to run it as root: nothing, passwordless sudo, or `undefined` when there is no way. */
async function rootPrefix(): Promise<string[] | undefined> {
  if (process.getuid?.() === 0) return [];
  return runCommand('sudo', ['-n', 'true']).then(
    () => ['sudo', '-n'],
    () => undefined,
  );
}
