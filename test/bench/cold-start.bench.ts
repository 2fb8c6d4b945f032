import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { type Workload, workloads } from '../../functions/workloads.ts';
import { nowhere } from '../../infra/image/warm.ts';
import type { Area, Bench } from './bench.ts';
import { addOffers, offerAt, type Offers } from './booking-offers.ts';
import { buildBundle } from './bundle.ts';
import { startIdentityProvider } from './identity-provider.ts';
import { type Program, type ProcessUnderTest, startProgram } from './process-under-test.ts';
import { withServers } from './servers.ts';

const ROUNDS = 9;
const MIB = 2 ** 20;

const FRAMEWORK = '@google-cloud/functions-framework';

/** What functions-framework shows first, written as plain JavaScript: the floor has no types to strip. */
async function writeHelloWorld(dir: string): Promise<Program> {
  const source = join(dir, 'hello-world.cjs');
  const framework = JSON.stringify(pathOf(`../../node_modules/${FRAMEWORK}`));
  await writeFile(source, `require(${framework}).http('hello', (_, response) => response.send('Hello, world'));`);
  const cli = pathOf(`../../node_modules/${FRAMEWORK}/build/src/main.js`);
  return {
    argv: [process.execPath, cli, '--source', source, '--target', 'hello'],
    env: { PATH: process.env['PATH'] ?? '', NODE_ENV: 'production' },
  };
}

/** From the start of a process to its first answer, and to the first answer that took a database and Redis. */
export const run: Area = (bench) =>
  withServers(async (servers) => {
    const provider = await startIdentityProvider();
    const offers = await addOffers(servers.postgres.url, provider.tokenOf);
    const program = await buildBundle(join(servers.dir, 'image'));
    const environment = {
      ...nowhere,
      ...servers.environment,
      ...provider.environment,
      AWS_REGION: 'eu-west-3',
      AWS_ENDPOINT_URL: provider.environment.OIDC_ISSUER,
      EMAIL_FROM: 'no-reply@careflow.example',
    };
    const floor = await writeHelloWorld(servers.dir);
    for (const name of workloads) await measureStart(bench, name, program(name, environment), floor);
    await measureFirstBooking(bench, program('booking', environment), floor, offers);
    provider.stop();
  });

async function measureStart(bench: Bench, name: Workload, program: Program, helloWorld: Program): Promise<void> {
  const until = async (path: string) => startOf(program, path, ({ firstAnswerMs }) => firstAnswerMs);
  const floor = async () => startOf(helloWorld, '/', ({ firstAnswerMs }) => firstAnswerMs);
  await bench(`first answer of ${name}, against functions-framework`, {
    unit: 'ms',
    rounds: ROUNDS,
    ours: () => until('/health/live'),
    floor,
    target: { atMost: 1.1 },
  });
  // Open, and with each database it needs connected: from here on it is sent requests.
  await bench(`${name} ready, against functions-framework`, {
    unit: 'ms',
    rounds: ROUNDS,
    ours: () => until('/health/ready'),
    floor,
    target: { atMost: 2.5 },
  });
  const memory = async (subject: ProcessUnderTest) => (await subject.residentBytes()) / MIB;
  await bench(`resident memory of ${name} when it is ready, against functions-framework`, {
    unit: 'MiB',
    rounds: 3,
    ours: () => startOf(program, '/health/ready', memory),
    floor: () => startOf(helloWorld, '/', memory),
    target: { atMost: 1.25 },
  });
}

async function measureFirstBooking(bench: Bench, program: Program, helloWorld: Program, offers: Offers): Promise<void> {
  let number = 0;
  await bench('first booking of a new process, against functions-framework', {
    unit: 'ms',
    rounds: ROUNDS,
    ours: () => startOf(program, '/health/live', (subject) => bookAt(subject, offers, number++)),
    floor: () => startOf(helloWorld, '/', ({ firstAnswerMs }) => firstAnswerMs),
    target: { atMost: 2.5 },
  });
}

async function bookAt({ url, startedAt }: ProcessUnderTest, offers: Offers, number: number): Promise<number> {
  const { token, body } = offerAt(offers, number);
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const response = await fetch(`${url}/fr/bookings`, { method: 'POST', headers, body });
  if (response.status !== 201) throw new Error(`the booking was answered ${response.status}`);
  return performance.now() - startedAt;
}

/** Starts the program, looks at it and stops it. */
async function startOf(
  program: Program,
  path: string,
  look: (subject: ProcessUnderTest) => number | Promise<number>,
): Promise<number> {
  const subject = await startProgram(program, path);
  try {
    return await look(subject);
  } finally {
    await subject.stop();
  }
}

function pathOf(relative: string): string {
  return fileURLToPath(new URL(relative, import.meta.url));
}
