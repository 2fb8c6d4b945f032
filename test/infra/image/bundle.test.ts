import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { chmod, glob, readFile, realpath, stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { nowhere } from '../../../infra/image/warm.ts';
import { resolveEnv } from '../../../infra/local/knative/environment.ts';
import { renderKustomization } from '../../../infra/local/knative/kustomize.ts';
import { parseResources } from '../../../infra/local/knative/resources.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { type Ended, serveBundle } from './served-bundle.ts';

const pathOf = (path: string) => fileURLToPath(new URL(`../../../${path}`, import.meta.url));
const { services } = parseResources(await renderKustomization(pathOf('knative/overlays/production')));
const containers = services.map(({ metadata, spec }) => [metadata.name, spec.template.spec.containers[0]] as const);

const dir = join(await realpath(await temporaryFolder()), 'careflow');

async function filesWith(content: RegExp): Promise<string[]> {
  const files = await Array.fromAsync(glob(join(dir, '*/*.mjs')));
  const found = await Promise.all(files.map(async (file) => content.test(await readFile(file, 'utf8'))));
  return files.filter((_, index) => found[index]);
}

async function allowWriting(allowed: boolean): Promise<void> {
  for (const path of [dir, ...(await Array.fromAsync(glob(join(dir, '**'))))]) {
    const { mode } = await stat(path);
    await chmod(path, allowed ? mode | 0o200 : mode & ~0o222);
  }
}

/** What a TLS record of the handshake begins with (RFC 8446, section 5.1). */
const TLS_HANDSHAKE = 0x16;

/** PostgreSQL's way to ask for TLS on its port: eight bytes, which the server answers with `S`. */
const SSL_REQUEST = '0000000804d2162f';

/** Accepts a connection that may ask for TLS, and tells how the client begins to speak it. */
async function listenForHello() {
  const hello = Promise.withResolvers<number | undefined>();
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.on('data', (bytes: Buffer) => {
      if (bytes.toString('hex') === SSL_REQUEST) socket.write('S');
      else {
        hello.resolve(bytes[0]);
        socket.destroy();
      }
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('nobody listens');
  return { address: `127.0.0.1:${address.port}`, hello: hello.promise, close: () => server.close() };
}

beforeAll(async () => {
  await promisify(execFile)(process.execPath, [pathOf('infra/image/build.ts'), dir]);
  await allowWriting(false);
});
afterAll(() => allowWriting(true));

describe.each(containers)('the bundled %s, in a folder that is read-only', (name, container) => {
  const answers: Record<string, number> = {};
  let ended: Ended;

  beforeAll(async () => {
    const environment = resolveEnv(name, container, {
      secrets: { careflow: nowhere },
      configMaps: { careflow: nowhere },
    });
    const served = await serveBundle(dir, container.args, environment);
    for (const probe of ['live', 'startup', 'ready']) {
      answers[probe] = (await fetch(`${served.url}/health/${probe}`)).status;
    }
    ended = await served.stop();
  });

  it('lives without what it needs, and is not ready', () => {
    expect(answers).toEqual({ live: 200, startup: 200, ready: 503 });
  });

  it('ends with 0 on SIGTERM, having logged nothing but JSON', () => {
    expect(ended.exitCode).toBe(0);
    expect(ended.log.map((line) => JSON.parse(line))).toContainEqual(
      expect.objectContaining({ function: name, msg: 'stopped' }),
    );
  });

  it('compiles nothing that it loads', () => {
    expect(ended.loaded).toEqual(expect.arrayContaining([join(dir, 'main.mjs'), join(dir, name, 'main.mjs')]));
    expect(ended.accepted).toEqual(ended.loaded);
  });

  it('loads no client of Kafka or AWS before it is used', async () => {
    const clients = await filesWith(/KafkaJSError|SESClient|SNSClient|x-amz-/);
    expect(clients).not.toEqual([]);
    expect(ended.loaded.filter((file) => clients.includes(file))).toEqual([]);
  });
});

describe('a bundled function whose addresses ask for TLS', () => {
  it('begins to speak it with PostgreSQL and Redis', async () => {
    const [postgres, redis] = await Promise.all([listenForHello(), listenForHello()]);
    const environment = {
      ...nowhere,
      DATABASE_URL_BOOKING: `postgres://nobody@${postgres.address}/none?sslmode=no-verify`,
      REDIS_URL: `rediss://${redis.address}`,
    };
    const served = await serveBundle(dir, ['booking'], environment);
    await fetch(`${served.url}/health/ready`);
    const first = [await postgres.hello, await redis.hello];
    await served.stop();
    postgres.close();
    redis.close();
    expect(first).toEqual([TLS_HANDSHAKE, TLS_HANDSHAKE]);
  });
});
