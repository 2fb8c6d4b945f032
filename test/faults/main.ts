import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { explain } from '../../infra/explain.ts';
import { listDifferences } from '../load/check.ts';
import { runFaults } from './run.ts';

const usage = `Kills parts of a platform of its own at random while it is booked, then proves that nothing was lost or doubled.

  npm run test:faults -- [--minutes 5] [--seed 1]

  --minutes  how long parts are killed
  --seed     the same seed kills the same parts in the same order after the same pauses
`;

/** Rates that leave the machine room to recover between two faults. */
const load = { concurrency: 16, perSecond: 20 };
const pace = { mostAfterMs: 5_000, mostDownMs: 5_000 };

async function main(args: string[]): Promise<void> {
  const { minutes, seed } = readArguments(args);
  const home = await mkdtemp(join(tmpdir(), 'careflow-faults-'));
  const say = (line: string) => console.log(line);
  say(`Seed ${seed}, ${minutes} minutes; data and logs are in ${home}`);
  const { faults, checks } = await runFaults({ ...load, home, seed, durationMs: minutes * 60_000, pace, say });
  const isProven = listDifferences(checks).length === 0;
  say(`\n${faults.length} parts were killed with seed ${seed}; ${isProven ? 'everything holds' : 'see what fails'}.`);
  if (isProven) await rm(home, { recursive: true, force: true });
  else process.exitCode = 1;
}

function readArguments(args: string[]): { minutes: number; seed: string } {
  const text = (fallback: string) => ({ type: 'string', default: fallback }) as const;
  const chosen = String(Math.floor(Math.random() * 1_000_000));
  const { values } = parseArgs({ args, options: { minutes: text('5'), seed: text(chosen) } });
  const minutes = Number(values.minutes);
  if (minutes > 0 && minutes <= 15) return { minutes, seed: values.seed };
  throw new TypeError('--minutes takes a number up to 15.');
}

// Ends what was started with this process, without a wait.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));
try {
  await main(process.argv.slice(2));
} catch (error) {
  process.exitCode = 1;
  console.error(explain(error, usage));
}
