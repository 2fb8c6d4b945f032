import { chmod, chown, mkdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';

import pg from 'pg';

import { runCommand } from './command.ts';
import { postgresAccount, type Account } from './postgres-account.ts';
import { postgresBinaries } from './postgres-binaries.ts';
import { startService, type Service } from './process.ts';

export type PostgresOptions = {
  dir: string;
  port: number;
  logFile: string;
  database?: string;
  /** Server settings beside those given here. */
  settings?: Readonly<Record<string, string>>;
  onExit?: (reason: string) => void;
};

const SETTINGS = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: '300',
  shared_buffers: '128MB',
  // Queries here are short: planning one with JIT costs more than running it.
  jit: 'off',
  log_min_messages: 'warning',
  log_checkpoints: 'off',
};

/**
 * PostgreSQL from the binaries that npm brought, on 127.0.0.1 only. Whoever is logged in to this machine may connect
 * as any role without a password. The URL names the superuser.
 */
export async function startPostgres(options: PostgresOptions): Promise<Service> {
  const { dir, port, logFile, database = 'careflow', onExit } = options;
  const binaries = await postgresBinaries();
  const account = await postgresAccount([dir, binaries.postgres]);
  const data = join(dir, 'data');
  const url = `postgres://postgres@127.0.0.1:${port}/`;
  const service = await startService(
    {
      name: 'PostgreSQL',
      command: binaries.postgres,
      args: ['-D', data, '-p', String(port), ...flags({ ...SETTINGS, ...options.settings })],
      privileges: account.privileges,
      logFile,
      pidFile: join(dir, 'postgres.pid'),
      mark: data,
      stopSignal: 'SIGINT',
      stopTimeoutMs: 20_000,
      startTimeoutMs: 60_000,
      prepare: () => initialise(dir, data, binaries.initdb, account),
      isReady: () => serves(`${url}postgres`, data),
      ...(onExit && { onExit }),
    },
    `${url}${database}`,
  );
  await createDatabase(`${url}postgres`, database);
  return service;
}

function flags(settings: Readonly<Record<string, string>>): string[] {
  return Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}

/** Makes the cluster under a name of its own first: an interrupted initdb leaves nothing that looks finished. */
async function initialise(dir: string, data: string, initdb: string, account: Account): Promise<void> {
  await mkdir(dir, { recursive: true });
  await chmod(dir, 0o755);
  const finished = await readFile(join(data, 'PG_VERSION'), 'utf8').catch(() => undefined);
  if (finished !== undefined) return;
  const unfinished = `${data}.new`;
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(unfinished, { mode: 0o700 });
  if (account.ids) await chown(unfinished, account.ids.uid, account.ids.gid);
  await runAs(account, initdb, [
    `--pgdata=${unfinished}`,
    '--username=postgres',
    '--auth=trust',
    '--encoding=UTF8',
    '--locale=C',
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
  ]);
  await rename(unfinished, data);
}

async function runAs(account: Account, command: string, args: readonly string[]): Promise<void> {
  const env = { ...process.env, LC_ALL: 'C' };
  if (account.privileges.length === 0) await runCommand(command, args, { env });
  else await runCommand('setpriv', [...account.privileges, '--', command, ...args], { env, cwd: '/' });
}

/** Whether the server at the URL is the one of the data folder. */
async function serves(url: string, data: string): Promise<boolean> {
  return withClient(url, (client) => client.query<{ data_directory: string }>('SHOW data_directory')).then(
    ({ rows }) => rows[0]?.data_directory === data,
    () => false,
  );
}

async function createDatabase(url: string, database: string): Promise<void> {
  await withClient(url, async (client) => {
    const { rowCount } = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [database]);
    if (rowCount === 0) await client.query(`CREATE DATABASE ${client.escapeIdentifier(database)}`);
  });
}

async function withClient<Result>(url: string, work: (client: pg.Client) => Promise<Result>): Promise<Result> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
