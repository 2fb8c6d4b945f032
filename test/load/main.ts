import { randomUUID } from 'node:crypto';
import { parseArgs } from 'node:util';

import { SingleBar } from 'cli-progress';

import { explain } from '../../infra/explain.ts';
import { readPlatform } from '../../infra/local/platform-file.ts';
import { createDice } from '../../infra/seed/dice.ts';
import { listDifferences } from './check.ts';
import { runLoad } from './run.ts';

const usage = `Books, cancels and reschedules over HTTP, then proves that messages, bitmap and database agree.

  npm run load -- [--bookings 10000] [--minutes 30] [--concurrency 32] [--seed 1]

  --bookings     how many, up to 20000: the mailbox keeps 100,000 messages
  --minutes      ends earlier when they are over
  --concurrency  how many clients book at once
  --seed         the same seed chooses alike

It works on the running local platform.
`;

async function main(args: string[]): Promise<void> {
  const { bookings, minutes, concurrency, seed } = readArguments(args);
  const platform = await readPlatform();
  const bar = new SingleBar({
    format: 'Booking {bar} {value}/{total}, {eta_formatted} to go',
    fps: 4,
    noTTYOutput: true,
    notTTYSchedule: 5_000,
  });
  bar.start(bookings, 0);
  const checks = await runLoad({
    platform,
    subject: `load-${randomUUID()}`,
    dice: createDice(seed),
    bookings,
    concurrency,
    signal: AbortSignal.timeout(minutes * 60_000),
    onProgress: (booked) => bar.update(booked),
    say: (line) => {
      bar.stop();
      console.log(line);
    },
  }).finally(() => bar.stop());
  if (listDifferences(checks).length > 0) process.exitCode = 1;
}

function readArguments(args: string[]) {
  const text = (fallback: string) => ({ type: 'string', default: fallback }) as const;
  const options = { bookings: text('10000'), minutes: text('30'), concurrency: text('32'), seed: text('1') };
  const { values } = parseArgs({ args, options });
  return {
    bookings: countOf('--bookings', values.bookings, 20_000),
    minutes: countOf('--minutes', values.minutes, 600),
    concurrency: countOf('--concurrency', values.concurrency, 256),
    seed: values.seed,
  };
}

function countOf(name: string, text: string, most: number): number {
  const count = Number(text);
  if (Number.isInteger(count) && count > 0 && count <= most) return count;
  throw new TypeError(`${name} takes a whole number from 1 to ${most}.`);
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  process.exitCode = 1;
  console.error(explain(error, usage));
}
