import { createWriteStream } from 'node:fs';
import { chmod, mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';

import { careflowHome } from '../../infra/local/home.ts';
import { type RunningPlatform, startPlatform } from '../../infra/local/platform.ts';
import { freePort } from '../../infra/local/services/free-port.ts';
import { kafkaJars } from '../../infra/local/services/kafka-jars.ts';

export type OwnPlatform = {
  /** An empty folder for data and logs. */
  readonly home: string;
  readonly say: (line: string) => void;
};

/** Runs a platform of its own on Kafka for as long as the work takes. */
export async function withPlatform<Result>(
  { home, say }: OwnPlatform,
  work: (running: RunningPlatform) => Promise<Result>,
): Promise<Result> {
  await shareJars(home);
  await mkdir(join(home, 'logs'));
  const log = createWriteStream(join(home, 'logs', 'functions.log'));
  const running = await startPlatform({
    home,
    port: await freePort(),
    eventLog: 'kafka',
    environment: {},
    onProgress: say,
    onLine: (source, line) => log.write(`${source} ${line}\n`),
  });
  try {
    return await work(running);
  } finally {
    await running.stop();
    log.end();
  }
}

/** The server of PostgreSQL runs as another user; Kafka's jars are the same for every home. */
async function shareJars(home: string): Promise<void> {
  await chmod(home, 0o755);
  const libs = await kafkaJars(join(careflowHome(), 'kafka', 'libs'));
  await mkdir(join(home, 'kafka'));
  await symlink(libs, join(home, 'kafka', 'libs'));
}
