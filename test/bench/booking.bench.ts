import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import type { Area, Bench } from './bench.ts';
import type { Answered, Load } from './booking-client.ts';
import { addOffers, capacityOf, type Offers } from './booking-offers.ts';
import { buildBundle } from './bundle.ts';
import { type IdentityProvider, startIdentityProvider } from './identity-provider.ts';
import { type ProcessUnderTest, startProgram } from './process-under-test.ts';
import { type Servers, withServers } from './servers.ts';

const CONNECTIONS = 32;
const SECONDS = 3;
const ROUNDS = 5;
/** Slots that everybody wants. */
const CONTESTED = 32;

/** Nobody is limited here: what is measured is what the function can do. */
const UNLIMITED = { RATE_LIMIT_SUBJECT: '1000000000', RATE_LIMIT_ADDRESS: '1000000000' };

export const run: Area = (bench) =>
  withServers(async (servers) => {
    const provider = await startIdentityProvider();
    const offers = await addOffers(servers.postgres.url, provider.tokenOf);
    const client = await startClient(servers.dir, offers);
    const [ours, floor] = await startBoth(servers, provider);
    try {
      await measure(bench, createLoads(client, offers, ours, floor));
    } finally {
      client.kill();
      await Promise.all([ours.stop(), floor.stop()]);
      provider.stop();
    }
  });

async function startBoth(servers: Servers, provider: IdentityProvider): Promise<[ProcessUnderTest, ProcessUnderTest]> {
  const program = await buildBundle(join(servers.dir, 'image'));
  const environment = { ...servers.environment, ...provider.environment, ...UNLIMITED };
  const floor = {
    argv: [process.execPath, pathOf('booking-floor.ts')],
    env: { DATABASE_URL: servers.postgres.url, NODE_ENV: 'production' },
  };
  return Promise.all([startProgram(program('booking', environment), '/health/live'), startProgram(floor, '/')]);
}

async function measure(bench: Bench, loads: Loads): Promise<void> {
  await loads.book(SECONDS);
  await loads.bookAtFloor(SECONDS);
  const { ours: peak } = await bench('bookings accepted, against a bare handler and its statement', {
    unit: 'bookings/s',
    rounds: ROUNDS,
    ours: async () => (await loads.book(SECONDS)).perSecond,
    floor: async () => (await loads.bookAtFloor(SECONDS)).perSecond,
    target: { atLeast: 0.6 },
  });
  await bench('refusals of a taken slot, against bookings accepted', {
    unit: 'answers/s',
    rounds: ROUNDS,
    ours: async () => (await loads.refuse(SECONDS)).perSecond,
    floor: async () => (await loads.book(SECONDS)).perSecond,
    target: { atLeast: 2 },
  });
  await bench('p99 of bookings at half of the peak, against p50', {
    unit: 'times',
    rounds: ROUNDS,
    ours: async () => {
      const { p99Ms, p50Ms } = await loads.book(SECONDS, peak / 2);
      return p99Ms / p50Ms;
    },
    floor: () => 1,
    target: { atMost: 4 },
  });
}

type Loads = {
  readonly book: (seconds: number, rate?: number) => Promise<Answered>;
  readonly bookAtFloor: (seconds: number) => Promise<Answered>;
  readonly refuse: (seconds: number) => Promise<Answered>;
};

/** Every load takes offers that nobody has taken before, but for those that are to be refused. */
function createLoads(client: ChildProcess, offers: Offers, ours: ProcessUnderTest, floor: ProcessUnderTest): Loads {
  const next = { ours: 0, floor: 0 };
  const apply = async (load: Omit<Load, 'connections'>, status: number): Promise<Answered> => {
    client.send({ connections: CONNECTIONS, ...load } satisfies Load);
    const [answered]: Answered[] = await once(client, 'message');
    if (!answered || Object.keys(answered.statuses).some((each) => Number(each) !== status))
      throw new Error(`answers other than ${status}: ${JSON.stringify(answered?.statuses)}`);
    return answered;
  };
  const take = async (side: 'ours' | 'floor', url: string, seconds: number, rate?: number) => {
    const answered = await apply({ url, seconds, from: next[side], ...(rate !== undefined && { rate }) }, 201);
    next[side] += answered.count;
    if (next[side] > capacityOf(offers)) throw new Error('the slots are used up');
    return answered;
  };
  return {
    book: (seconds, rate) => take('ours', ours.url, seconds, rate),
    bookAtFloor: (seconds) => take('floor', floor.url, seconds),
    refuse: (seconds) => apply({ url: ours.url, seconds, from: 0, among: CONTESTED }, 409),
  };
}

async function startClient(dir: string, offers: Offers): Promise<ChildProcess> {
  const file = join(dir, 'offers.json');
  await writeFile(file, JSON.stringify(offers));
  const client = fork(pathOf('booking-client.ts'), [file]);
  await once(client, 'message');
  return client;
}

function pathOf(relative: string): string {
  return fileURLToPath(new URL(relative, import.meta.url));
}
