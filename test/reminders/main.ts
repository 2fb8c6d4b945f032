import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { explain } from '../../infra/explain.ts';
import { linesOf, listDifferences } from '../load/check.ts';
import { runReminders } from './run.ts';

const usage = `Kills the notifications function of a platform of its own at random while reminders fall due, then counts them.

  npm run test:reminders -- [--reminders 10000] [--minutes 20] [--sms 10] [--seed 1]

  --reminders  how many, up to 50000
  --minutes    on how many minutes they fall due, up to 30
  --sms        so many of 100 are SMS, the others e-mails
  --seed       the same seed leaves the same pauses between kills
`;

const pace = { leastPauseMs: 3_000, mostPauseMs: 20_000 };

async function main(args: string[]): Promise<void> {
  const amount = readArguments(args);
  const home = await mkdtemp(join(tmpdir(), 'careflow-reminders-'));
  const say = (line: string) => console.log(line);
  say(`Seed ${amount.seed}, ${amount.reminders} reminders in ${amount.minutes} minutes; data and logs are in ${home}`);
  const { kills, checks, lateness } = await runReminders({ ...amount, ...pace, home, say });
  say(['', ...checks.flatMap(linesOf), ''].join('\n'));
  const late = Object.entries(lateness).map(([share, seconds]) => `${share} ${seconds.toFixed(1)} s`);
  say(`${kills} processes were killed with seed ${amount.seed}; lateness ${late.join(', ')}`);
  if (listDifferences(checks).length === 0) await rm(home, { recursive: true, force: true });
  else process.exitCode = 1;
}

function readArguments(args: string[]) {
  const text = (fallback: string) => ({ type: 'string', default: fallback }) as const;
  const seed = String(Math.floor(Math.random() * 1_000_000));
  const options = { reminders: text('10000'), minutes: text('20'), sms: text('10'), seed: text(seed) };
  const { values } = parseArgs({ args, options });
  return {
    reminders: countOf('reminders', values.reminders, 1, 50_000),
    minutes: countOf('minutes', values.minutes, 1, 30),
    percentSms: countOf('sms', values.sms, 0, 100),
    seed: values.seed,
  };
}

function countOf(name: string, text: string, least: number, most: number): number {
  const count = Number(text);
  if (Number.isInteger(count) && count >= least && count <= most) return count;
  throw new TypeError(`--${name} takes a whole number from ${least} to ${most}.`);
}

// Ends what was started with this process, without a wait.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));
try {
  await main(process.argv.slice(2));
} catch (error) {
  process.exitCode = 1;
  console.error(explain(error, usage));
}
