import type { Platform } from '../../infra/local/platform-file.ts';
import type { Dice } from '../../infra/seed/dice.ts';
import { connectDatabase } from '../../shared/db/client.ts';
import { type Check, linesOf } from './check.ts';
import { type Client, createClient } from './client.ts';
import { type Directory, readDirectory } from './directory.ts';
import { generateLoad, type LoadOptions } from './generator.ts';
import type { Ledger } from './ledger.ts';
import { createOffers } from './offers.ts';
import { environmentOf } from './proof-source.ts';
import { prove } from './proof.ts';
import { createTally, type Tally } from './tally.ts';

export type RunOptions = Pick<LoadOptions, 'bookings' | 'concurrency' | 'perSecond' | 'signal' | 'onProgress'> & {
  readonly platform: Platform;
  /** Of the run's token; nobody else's, so that what the run did can be told from what others do. */
  readonly subject: string;
  readonly dice: Dice;
  /** Called when the last answer is there, before anything is proven. */
  readonly onLoaded?: () => void | Promise<void>;
  readonly say: (line: string) => void;
};

/** How long a client repeats an operation: longer than any outage. */
const DEADLINE_MS = 120_000;

/** Loads the platform, says what it answered, and proves that all of it holds. Resolves to what was checked. */
export async function runLoad(options: RunOptions): Promise<Check[]> {
  const { platform, subject, concurrency: connections, say } = options;
  const tally = createTally();
  const client = createClient({ platform, subject, connections, tally, deadlineMs: DEADLINE_MS });
  try {
    const startedAt = Temporal.Now.instant();
    const ledger = await load(options, client, tally);
    await options.onLoaded?.();
    say('\nWaiting until every event is consumed and every message is sent...');
    const checks = await prove({
      platform,
      client,
      ledger,
      subject,
      startedAt,
      onProgress: (left) => say(`  ${left}`),
    });
    for (const line of checks.flatMap(linesOf)) say(line);
    return checks;
  } finally {
    await client.close();
  }
}

/** Loads the platform and says what it answered. Resolves to what has to hold from now on. */
export async function load(
  options: Omit<RunOptions, 'onLoaded' | 'subject'>,
  client: Client,
  tally: Tally,
): Promise<Ledger> {
  const { platform, dice, say } = options;
  const directory = await readEverybody(platform);
  const startedAt = performance.now();
  const ledger = await generateLoad({
    ...options,
    client,
    directory,
    offers: createOffers(client, directory.practices, dice),
  });
  const seconds = (performance.now() - startedAt) / 1_000;
  const { size } = ledger.bookings;
  say(`\n${size} bookings in ${seconds.toFixed(1)} s: ${(size / seconds).toFixed(1)} a second\n`);
  for (const line of tally.lines()) say(line);
  return ledger;
}

async function readEverybody(platform: Platform): Promise<Directory> {
  const db = connectDatabase(environmentOf(platform, 'DATABASE_URL'), { applicationName: 'careflow-load' });
  try {
    return await readDirectory(db);
  } finally {
    await db.$client.end();
  }
}
