import { setTimeout as delay } from 'node:timers/promises';

import pg from 'pg';
import { z } from 'zod';

import { SentMessage } from '../../infra/local/mailbox/sent-messages.ts';
import type { RunningPlatform } from '../../infra/local/platform.ts';
import { createDice, type Dice } from '../../infra/seed/dice.ts';
import { createKill } from '../faults/kill.ts';
import { type OwnPlatform, withPlatform } from '../faults/own-platform.ts';
import { type Check, checkAll } from '../load/check.ts';
import { addReminders, type Owed } from './owed.ts';

export type RemindersOptions = OwnPlatform & {
  readonly reminders: number;
  /** They fall due on the minutes of so long a time. */
  readonly minutes: number;
  /** Of 100, so many are SMS. */
  readonly percentSms: number;
  /** The same seed leaves the same pauses between kills. */
  readonly seed: string;
  readonly leastPauseMs: number;
  readonly mostPauseMs: number;
};

export type RemindersRun = {
  readonly kills: number;
  readonly checks: readonly Check[];
  /** How late messages were, in seconds, by share of them. */
  readonly lateness: Readonly<Record<'p50' | 'p99' | 'max', number>>;
};

/** How late 99 of 100 may be. */
const MOST_LATENESS_S = 60;
/** Past the last reminder's minute by so long, whatever is still owed is lost. */
const GIVE_UP_AFTER_MS = 5 * 60_000;
const POLL_MS = 1_000;

/** Runs a platform of its own, kills its notifications function at random while reminders fall due, and counts them. */
export async function runReminders(options: RemindersOptions): Promise<RemindersRun> {
  return withPlatform(options, async (running) => {
    const client = new pg.Client({ connectionString: running.platform.environment['DATABASE_URL'] });
    await client.connect();
    try {
      return await remind(options, running, client);
    } finally {
      await client.end();
    }
  });
}

async function remind(options: RemindersOptions, running: RunningPlatform, client: pg.Client): Promise<RemindersRun> {
  const { mailbox } = running.platform;
  await fetch(`${mailbox}/mailbox/faults`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ confirm: true }),
  });
  const owed = await addReminders(client, options);
  const over = new AbortController();
  const killing = killWorkers(options, running, over.signal);
  const isDone = await untilTold(client, owed, options.say).finally(() => over.abort());
  const kills = await killing;
  const messages = await readMessages(mailbox);
  const told = Map.groupBy(messages, ({ to }) => to);
  const lateness = latenessOf(owed, told);
  options.say(isDone ? 'Every reminder is dealt with.' : 'Some reminders are not dealt with.');
  return { kills, lateness, checks: checksOf(owed, told, lateness.p99) };
}

/** While the platform has them to send. @returns how often. */
async function killWorkers(options: RemindersOptions, running: RunningPlatform, over: AbortSignal): Promise<number> {
  const { home, seed, leastPauseMs, mostPauseMs, say } = options;
  const kill = createKill(running, home);
  const dice: Dice = createDice(`reminders ${seed}`);
  const pause = () => delay(leastPauseMs + dice.below(mostPauseMs - leastPauseMs + 1), true, { signal: over });
  let kills = 0;
  while (await pause().catch(() => false)) {
    await kill('notifications');
    kills += 1;
    if (kills % 10 === 0) say(`${kills} processes killed`);
  }
  return kills;
}

async function untilTold(client: pg.Client, owed: readonly Owed[], say: (line: string) => void): Promise<boolean> {
  const last = Math.max(...owed.map(({ dueAt }) => dueAt.epochMilliseconds));
  let shown = owed.length;
  while (Date.now() < last + GIVE_UP_AFTER_MS) {
    const { rows } = await client.query<{ open: number }>(
      `SELECT count(*)::int AS open FROM notification.reminders WHERE status IN ('pending', 'triggered')`,
    );
    const open = rows[0]?.open ?? 0;
    if (open === 0) return true;
    if (shown - open >= owed.length / 20) say(`${owed.length - open} of ${owed.length} reminders sent`);
    if (shown - open >= owed.length / 20) shown = open;
    await delay(POLL_MS);
  }
  return false;
}

const Page = z.object({ items: z.array(SentMessage), nextCursor: z.string().nullable() });

async function readMessages(mailbox: string): Promise<SentMessage[]> {
  const messages: SentMessage[] = [];
  for (let cursor: string | null = ''; cursor !== null;) {
    const response = await fetch(`${mailbox}/mailbox?limit=5000${cursor && `&cursor=${cursor}`}`);
    const page: z.infer<typeof Page> = Page.parse(await response.json());
    messages.push(...page.items);
    cursor = page.nextCursor;
  }
  return messages;
}

type Told = ReadonlyMap<string, readonly SentMessage[]>;

function latenessOf(owed: readonly Owed[], told: Told): RemindersRun['lateness'] {
  const seconds = owed
    .flatMap(({ to, dueAt }) =>
      (told.get(to) ?? []).map(({ sentAt }) => dueAt.until(Temporal.Instant.from(sentAt)).total('seconds')),
    )
    .toSorted((one, other) => one - other);
  const at = (share: number) => seconds[Math.min(Math.ceil(share * seconds.length), seconds.length) - 1] ?? Infinity;
  return { p50: at(0.5), p99: at(0.99), max: at(1) };
}

function checksOf(owed: readonly Owed[], told: Told, p99: number): Check[] {
  const messagesOf = ({ to }: Owed) => told.get(to) ?? [];
  return [
    checkAll('reminders reached whom they are for', owed, (one) => (messagesOf(one).length > 0 ? undefined : one.to)),
    checkAll('none was sent twice', owed, (one) =>
      messagesOf(one).length > 1 ? `${one.to} ${messagesOf(one).length} times` : undefined,
    ),
    checkAll(`99 of 100 were at most ${MOST_LATENESS_S} s late`, [p99], (late) =>
      late <= MOST_LATENESS_S ? undefined : `the 99th was ${late.toFixed(1)} s late`,
    ),
  ];
}
