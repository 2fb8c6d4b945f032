/** `npm run rebuild -- --country fr`: writes a country's rows of the availability bitmap anew. */
import { parseArgs } from 'node:util';

import { SingleBar } from 'cli-progress';

import { settings } from '../../functions/availability/config.ts';
import { type Progress, rebuildCountry } from '../../functions/availability/rebuild-country.ts';
import { connectDatabase } from '../../shared/db/client.ts';
import { createBitmaps } from '../../shared/redis/availability-bitmaps.ts';
import { connectRedis } from '../../shared/redis/client.ts';
import { readConfig, url } from '../../shared/runtime/config.ts';
import { explain } from '../explain.ts';
import { findPlatform } from '../local/platform-file.ts';

const usage = `Writes the availability bitmap of a country anew, from what PostgreSQL holds.

  npm run rebuild -- --country fr [--from 0]

  --country  whose practitioners, as two letters
  --from     the ordinal to begin with, where an earlier run was interrupted

It may run beside the functions, be interrupted and be run again. It works on the running local platform, or on what
DATABASE_URL_PRACTITIONER_READER, REDIS_URL, GRIDS and AVAILABILITY_DAYS name.
`;

/** Rows are written by the thousand, and whoever waits for a practitioner's turn waits as long as this at most. */
const REDIS_TIMEOUT_MS = 2_000;

const rebuildSettings = {
  DATABASE_URL_PRACTITIONER_READER: url({ schemes: ['postgres', 'postgresql'] }),
  REDIS_URL: settings.REDIS_URL,
  GRIDS: settings.GRIDS,
  AVAILABILITY_DAYS: settings.AVAILABILITY_DAYS,
};

type Arguments = { readonly country: string; readonly from: number };

async function main(args: string[]): Promise<void> {
  const { country, from } = readArguments(args);
  const stopping = new AbortController();
  process.once('SIGINT', () => stopping.abort());
  process.once('SIGTERM', () => stopping.abort());
  const startedAt = performance.now();
  const done = await withBar(country, from, (onProgress) =>
    rebuild({ country, from }, { signal: stopping.signal, onProgress }),
  );
  const seconds = (performance.now() - startedAt) / 1_000;
  print(`${done.rows} rows of ${country} written in ${seconds.toFixed(1)} s.`);
  if (done.below < done.end) throw new Error(`It was interrupted. ${howToGoOn(country, done.below)}`);
}

type RebuildControl = { readonly signal: AbortSignal; readonly onProgress: (progress: Progress) => void };

async function rebuild({ country, from }: Arguments, control: RebuildControl): Promise<Progress> {
  const config = readConfig(await findEnvironment(), rebuildSettings);
  const db = connectDatabase(config.DATABASE_URL_PRACTITIONER_READER, { applicationName: 'careflow-rebuild' });
  const redis = await connectRedis(config.REDIS_URL, { timeoutMs: REDIS_TIMEOUT_MS });
  try {
    const bitmapOf = createBitmaps(redis, { gridOf: config.GRIDS, days: config.AVAILABILITY_DAYS });
    const deps = { db, bitmapOf, gridOf: config.GRIDS, now: () => Temporal.Now.instant() };
    return await rebuildCountry(deps, country, { from, ...control });
  } finally {
    await db.$client.end();
    redis.disconnect();
  }
}

/** Shows how far it is; where it fails, the error says how to go on. */
async function withBar(
  country: string,
  from: number,
  work: (onProgress: (progress: Progress) => void) => Promise<Progress>,
): Promise<Progress> {
  const bar = new SingleBar({
    format: `Rebuilding ${country} {bar} {value}/{total}, {eta_formatted} to go`,
    fps: 4,
    noTTYOutput: true,
    notTTYSchedule: 5_000,
  });
  let reached = from;
  try {
    return await work(({ below, end }) => {
      if (!bar.isActive) bar.start(end, from);
      bar.update((reached = below));
    });
  } catch (error) {
    if (reached === from) throw error;
    throw new Error(`${messageOf(error)}\n${howToGoOn(country, reached)}`, { cause: error });
  } finally {
    bar.stop();
  }
}

function howToGoOn(country: string, below: number): string {
  return `Go on with \`npm run rebuild -- --country ${country} --from ${below}\`.`;
}

async function findEnvironment(): Promise<Readonly<Record<string, string | undefined>>> {
  if (process.env['DATABASE_URL_PRACTITIONER_READER'] && process.env['REDIS_URL']) return process.env;
  const platform = await findPlatform();
  if (platform) return platform.environment;
  throw new Error(
    'There is nothing to rebuild. Start the platform with `npm start` and try again, or set ' +
      'DATABASE_URL_PRACTITIONER_READER and REDIS_URL.',
  );
}

function readArguments(args: string[]): Arguments {
  const options = { country: { type: 'string', default: '' }, from: { type: 'string', default: '0' } } as const;
  const { values } = parseArgs({ args, options });
  const from = Number(values.from);
  if (!/^[a-z]{2}$/.test(values.country)) throw new TypeError('--country takes two letters, as in --country fr.');
  if (!Number.isInteger(from) || from < 0) throw new TypeError('--from takes a whole number.');
  return { country: values.country, from };
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`${explain(error, usage)}\n`);
  process.exitCode = 1;
}
