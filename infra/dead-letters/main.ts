import { parseArgs } from 'node:util';

import type { EventLog } from '../../shared/events/event-log.ts';
import { openEventLog } from '../../shared/events/open-event-log.ts';
import { explain } from '../explain.ts';
import { findPlatform } from '../local/platform-file.ts';
import { readTopics } from '../local/services/topics.ts';
import type { DeadLetter } from './dead-letter.ts';
import { named, readLetters, unmarked } from './letters.ts';
import { type Marks, marksTopic, readMarks } from './marks.ts';
import { redrive } from './redrive.ts';
import { letterText, listTable, redriveSummary, redriveTable, type Summary, summaryOf } from './reports.ts';
import { printable } from './text.ts';

const usage = `Reads dead letters, and puts them back.

  npm run dead-letters -- list    [--topic TOPIC] [--limit 50] [--json]
  npm run dead-letters -- show    ID [--payload] [--json]
  npm run dead-letters -- redrive ID|--all [--to TOPIC] [--dry-run] [--force] [--json]

  ID         of the event, or where the dead letter lies: topic/partition/offset
  --topic    only this topic of dead letters
  --limit    the newest so many
  --payload  also the data, which may hold anything: mind where you print it
  --all      every one that was not put back before
  --to       the topic for events whose own cannot be told from their type
  --dry-run  says what it would do
  --force    also what was put back before

It reads the event log of the running local platform, or the one that EVENT_LOG_URL names.
`;

const text = { type: 'string' } as const;
const flag = { type: 'boolean', default: false } as const;
const options = {
  topic: text,
  limit: { ...text, default: '50' },
  to: text,
  payload: flag,
  all: flag,
  'dry-run': flag,
  force: flag,
  json: flag,
} as const;

type Arguments = ReturnType<typeof readArguments>;
type Command = (source: Source, args: Arguments) => Promise<void>;
type Source = { readonly eventLog: EventLog; readonly topics: readonly string[]; readonly marks: Marks };

const commands = new Map<string, Command>([
  ['list', list],
  ['show', show],
  ['redrive', redriveLetters],
]);

async function main(args: string[]): Promise<void> {
  const given = readArguments(args);
  const command = commands.get(given.command);
  if (!command) throw new TypeError('Say what to do: list, show or redrive.');
  const topics = given.topic === undefined ? await deadLetterTopics() : [given.topic];
  const eventLog = openEventLog(await findEventLogUrl(), { clientId: 'careflow-dead-letters' });
  try {
    await command({ eventLog, topics, marks: await readMarks(eventLog, marksTopic) }, given);
  } finally {
    await eventLog.close();
  }
}

async function list({ eventLog, topics, marks }: Source, { limit, json }: Arguments): Promise<void> {
  const summaries: Summary[] = [];
  for await (const letter of readLetters(eventLog, topics)) summaries.push(summaryOf(letter, marks));
  const newest = summaries.toSorted(byAge).slice(-limit);
  if (json) return print(JSON.stringify(newest, null, 2));
  if (summaries.length === 0) return print(`There are no dead letters in ${topics.join(', ')}.`);
  const open = summaries.filter(({ redrivenAt }) => redrivenAt === null).length;
  print(`${listTable(newest)}\n\n${newest.length} of ${summaries.length} dead letters; ${open} are not redriven.`);
}

async function show({ eventLog, topics, marks }: Source, { id, payload, json }: Arguments): Promise<void> {
  const found: DeadLetter[] = [];
  const name = mustBeNamed(id);
  for await (const letter of named(readLetters(eventLog, topics), name)) found.push(letter);
  if (found.length === 0) throw noSuchLetter(name, topics);
  if (json)
    return print(
      JSON.stringify(
        found.map((letter) => summaryOf(letter, marks)),
        null,
        2,
      ),
    );
  print(found.map((letter) => letterText(letter, marks, payload)).join('\n\n'));
}

async function redriveLetters({ eventLog, topics, marks }: Source, args: Arguments): Promise<void> {
  const { id, all, to, force, dryRun } = args;
  if (all === (id !== undefined)) throw new TypeError('Give either an ID or --all.');
  const every = readLetters(eventLog, topics);
  // Of all, what was redriven before is nobody's question.
  const open = force ? every : unmarked(every, marks);
  const letters = id === undefined ? open : named(every, id);
  const done: ReturnType<typeof redriveSummary>[] = [];
  const options = { marks, marksTopic, now: Temporal.Now.instant(), to, force, dryRun };
  for await (const each of redrive(eventLog, letters, options)) done.push(redriveSummary(each));
  if (done.length === 0 && id !== undefined) throw noSuchLetter(id, topics);
  if (done.some(({ to }) => to === null)) process.exitCode = 1;
  if (args.json) return print(JSON.stringify(done, null, 2));
  if (done.length === 0) return print('There is nothing to redrive.');
  print(redriveTable(done) + (dryRun ? '\n\nNothing was done: this is what would be.' : ''));
}

function readArguments(args: string[]) {
  const { values, positionals } = parseArgs({ args, options, allowPositionals: true });
  const [command = '', id, ...rest] = positionals;
  if (rest.length > 0) throw new TypeError(`What is ${rest[0]}?`);
  const limit = Number(values.limit);
  if (!Number.isInteger(limit) || limit < 1) throw new TypeError('--limit takes a whole number.');
  return { ...values, command, id, limit, dryRun: values['dry-run'] };
}

function byAge(one: Summary, other: Summary): number {
  return Temporal.Instant.compare(one.diedAt, other.diedAt);
}

function mustBeNamed(id: string | undefined): string {
  if (id === undefined) throw new TypeError('Give the ID of a dead letter.');
  return id;
}

function noSuchLetter(id: string, topics: readonly string[]): Error {
  return new Error(`There is no dead letter ${printable(id)} in ${topics.join(', ')}.`);
}

async function deadLetterTopics(): Promise<string[]> {
  const topics = await readTopics({ brokers: 1 });
  return topics.map(({ name }) => name).filter((name) => name.startsWith('dead-letters-'));
}

async function findEventLogUrl(): Promise<string> {
  const url = process.env['EVENT_LOG_URL'] ?? (await findPlatform())?.environment['EVENT_LOG_URL'];
  if (url) return url;
  throw new Error('There is no event log. Start the platform with `npm start` and try again, or set EVENT_LOG_URL.');
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`${explain(error, usage)}\n`);
  process.exitCode = 1;
}
