/** The client of `booking.bench.ts`, in a process of its own: `booking-client.ts <offers.json>`, then one message per load. */
import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';

import { Pool } from 'undici';

import { type Offer, offerAt, type Offers } from './booking-offers.ts';

export type Load = {
  readonly url: string;
  readonly connections: number;
  readonly seconds: number;
  /** The first offer that is taken. */
  readonly from: number;
  /** Over how many offers the load goes round; without it each is taken once. */
  readonly among?: number;
  /** Requests per second; without it as many as are answered. */
  readonly rate?: number;
};

export type Answered = {
  readonly perSecond: number;
  readonly count: number;
  /** How many answers had each status. */
  readonly statuses: Readonly<Record<string, number>>;
  readonly p50Ms: number;
  readonly p99Ms: number;
};

const [, , file = ''] = process.argv;
const offers: Offers = JSON.parse(await readFile(file, 'utf8'));

process.on('message', (load: Load) => {
  void apply(load).then((answered) => process.send?.(answered));
});
process.send?.('ready');

async function apply(load: Load): Promise<Answered> {
  const pool = new Pool(load.url, { connections: load.connections, pipelining: 1 });
  const durations: number[] = [];
  const statuses: Record<string, number> = {};
  const startedAt = performance.now();
  const until = startedAt + load.seconds * 1_000;
  let next = 0;
  const ask = async (dueAt: number) => {
    const status = await post(pool, offerAt(offers, load.from + (next++ % (load.among ?? Infinity))));
    durations.push(performance.now() - dueAt);
    statuses[status] = (statuses[status] ?? 0) + 1;
  };
  if (load.rate === undefined) await askInLanes(load.connections, until, ask);
  else await askAtRate(load.rate, startedAt, until, ask);
  const seconds = (performance.now() - startedAt) / 1_000;
  await pool.close();
  durations.sort((one, other) => one - other);
  const quantile = (share: number) => durations[Math.floor(durations.length * share)] ?? Number.NaN;
  const count = durations.length;
  return { perSecond: count / seconds, count, statuses, p50Ms: quantile(0.5), p99Ms: quantile(0.99) };
}

type Ask = (dueAt: number) => Promise<void>;

async function askInLanes(lanes: number, until: number, ask: Ask): Promise<void> {
  const lane = async () => {
    while (performance.now() < until) await ask(performance.now());
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}

/** Whether or not the ones before are answered: a wait counts from the moment a request was due. */
async function askAtRate(rate: number, startedAt: number, until: number, ask: Ask): Promise<void> {
  const asked: Promise<void>[] = [];
  for (let due = startedAt; due < until; due += 1_000 / rate) {
    if (due > performance.now()) await delay(due - performance.now());
    asked.push(ask(due));
  }
  await Promise.all(asked);
}

async function post(pool: Pool, { token, body }: Offer): Promise<number> {
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` };
  const response = await pool.request({ method: 'POST', path: '/fr/bookings', headers, body });
  await response.body.dump();
  return response.statusCode;
}
