import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import type { Area, Bench } from './bench.ts';
import type { Answered, Load } from './booking-client.ts';
import { addOffers, capacityOf, type Offers, showFree } from './booking-offers.ts';
import { addPastBookings, copyDatabase } from './booking-rows.ts';
import { buildBundle } from './bundle.ts';
import { startIdentityProvider } from './identity-provider.ts';
import { type ProcessUnderTest, type Program, startProgram } from './process-under-test.ts';
import { type Servers, withServers } from './servers.ts';

const CONNECTIONS = 32;
const SECONDS = 3;
/** Until the engine has compiled what is asked of it. */
const WARM_UP_SECONDS = 10;
const ROUNDS = 5;
/** Slots that everybody wants. */
const CONTESTED = 32;
/** What `--rows` is compared with. */
const FEW_ROWS = 100_000;

/** Nobody is limited here: what is measured is what the function can do. */
const UNLIMITED = { RATE_LIMIT_SUBJECT: '1000000000', RATE_LIMIT_ADDRESS: '1000000000' };

export const run: Area = (bench, { rows }) =>
  withServers(async (servers) => {
    const provider = await startIdentityProvider();
    const offers = await addOffers(servers.postgres.url, provider.tokenOf);
    await showFree(servers.redis.url);
    const crowdedUrl = rows && (await addHistories(servers.postgres.url, rows));
    const program = await buildBundle(join(servers.dir, 'image'));
    const environment = { ...servers.environment, ...provider.environment, ...UNLIMITED };
    const client = await startClient(servers.dir, offers);
    const started: ProcessUnderTest[] = [];
    const start = async (subject: Program, path: string) => {
      const process = await startProgram(subject, path);
      started.push(process);
      return process;
    };
    try {
      const ours = await start(program('booking', environment), '/health/live');
      const loads = createLoads(client, offers);
      await measure(bench, loads, ours, await start(floorOf(servers), '/'));
      if (!rows || !crowdedUrl) return;
      const crowded = { ...environment, DATABASE_URL_BOOKING: sameBut(environment.DATABASE_URL_BOOKING, crowdedUrl) };
      await measureRows(bench, loads, rows, ours, await start(program('booking', crowded), '/health/live'));
    } finally {
      client.kill();
      await Promise.all(started.map((process) => process.stop()));
      provider.stop();
    }
  });

/** Gives the database a short past, and a copy of it a long one. Answers the copy's URL. */
async function addHistories(url: string, rows: number): Promise<string> {
  const crowdedUrl = await copyDatabase(url, 'crowded');
  await addPastBookings(url, FEW_ROWS, () => undefined);
  await addPastBookings(crowdedUrl, rows, (added) => process.stderr.write(`\r${added} of ${rows} past bookings`));
  process.stderr.write('\n');
  return crowdedUrl;
}

function sameBut(url: string, database: string): string {
  const changed = new URL(url);
  changed.pathname = new URL(database).pathname;
  return changed.href;
}

function floorOf({ postgres }: Servers): Program {
  return {
    argv: [process.execPath, pathOf('booking-floor.ts')],
    env: { DATABASE_URL: postgres.url, NODE_ENV: 'production' },
  };
}

async function measure(bench: Bench, loads: Loads, ours: ProcessUnderTest, floor: ProcessUnderTest): Promise<void> {
  for (const subject of [ours, floor]) await loads.book(subject, WARM_UP_SECONDS);
  const { ours: peak, floor: bareBest } = await bench('bookings accepted, against a bare handler and its statement', {
    unit: 'bookings/s',
    rounds: ROUNDS,
    ours: async () => (await loads.book(ours, SECONDS)).perSecond,
    floor: async () => (await loads.book(floor, SECONDS)).perSecond,
    target: { atLeast: 0.6 },
  });
  await bench('refusals of a taken slot, against bookings accepted', {
    unit: 'answers/s',
    rounds: ROUNDS,
    ours: async () => (await loads.refuse(ours, SECONDS)).perSecond,
    floor: async () => (await loads.book(ours, SECONDS)).perSecond,
    target: { atLeast: 2 },
  });
  const tail = async (subject: ProcessUnderTest, rate: number) => {
    const { p99Ms, p50Ms } = await loads.book(subject, SECONDS, rate);
    return p99Ms / p50Ms;
  };
  const times = { unit: 'times', rounds: ROUNDS, floor: () => 1 };
  await bench('p99 of bookings at half of the peak, against p50', {
    ...times,
    ours: () => tail(ours, peak / 2),
    target: { atMost: 4 },
  });
  await bench('p99 of the bare handler at half of its peak, against p50', {
    ...times,
    ours: () => tail(floor, bareBest / 2),
  });
}

async function measureRows(
  bench: Bench,
  loads: Loads,
  rows: number,
  few: ProcessUnderTest,
  many: ProcessUnderTest,
): Promise<void> {
  await loads.book(many, WARM_UP_SECONDS);
  await bench(`bookings accepted at ${rows} rows, against ${FEW_ROWS}`, {
    unit: 'bookings/s',
    rounds: ROUNDS,
    ours: async () => (await loads.book(many, SECONDS)).perSecond,
    floor: async () => (await loads.book(few, SECONDS)).perSecond,
    target: { atLeast: 0.9 },
  });
}

type Loads = {
  readonly book: (subject: ProcessUnderTest, seconds: number, rate?: number) => Promise<Answered>;
  readonly refuse: (subject: ProcessUnderTest, seconds: number) => Promise<Answered>;
};

/** Every load takes offers that its subject has not had before, but for those that are to be refused. */
function createLoads(client: ChildProcess, offers: Offers): Loads {
  const next = new Map<ProcessUnderTest, number>();
  const apply = async (load: Omit<Load, 'connections'>, status: number): Promise<Answered> => {
    client.send({ connections: CONNECTIONS, ...load } satisfies Load);
    const answered = await answerOf<Answered>(client);
    if (Object.keys(answered.statuses).some((each) => Number(each) !== status))
      throw new Error(`answers other than ${status}: ${JSON.stringify(answered.statuses)}`);
    return answered;
  };
  return {
    async book(subject, seconds, rate) {
      const from = next.get(subject) ?? 0;
      const answered = await apply({ url: subject.url, seconds, from, ...(rate !== undefined && { rate }) }, 201);
      next.set(subject, from + answered.count);
      if (from + answered.count > capacityOf(offers)) throw new Error('the slots are used up');
      return answered;
    },
    refuse: ({ url }, seconds) => apply({ url, seconds, from: 0, among: CONTESTED }, 409),
  };
}

async function startClient(dir: string, offers: Offers): Promise<ChildProcess> {
  const file = join(dir, 'offers.json');
  await writeFile(file, JSON.stringify(offers));
  const client = fork(pathOf('booking-client.ts'), [file]);
  await answerOf(client);
  return client;
}

/** Rejects where the client ends instead. */
async function answerOf<Message>(client: ChildProcess): Promise<Message> {
  const gone = new AbortController();
  const tellGone = () => gone.abort();
  client.once('exit', tellGone);
  try {
    const [message]: Message[] = await once(client, 'message', { signal: gone.signal });
    if (message === undefined) throw new Error('the client said nothing');
    return message;
  } catch (cause) {
    throw gone.signal.aborted ? new Error('the client ended before it had answered', { cause }) : cause;
  } finally {
    client.off('exit', tellGone);
  }
}

function pathOf(relative: string): string {
  return fileURLToPath(new URL(relative, import.meta.url));
}
