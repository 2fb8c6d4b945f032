import type { DeadLetter } from './dead-letter.ts';
import { describeFailure } from './failure.ts';
import type { Marks } from './marks.ts';
import type { Redriven } from './redrive.ts';
import { brief, printable, table } from './text.ts';

/** What may be shown of a dead letter: ids, times and reasons, nothing of its data. */
export type Summary = ReturnType<typeof summaryOf>;

export function summaryOf(letter: DeadLetter, marks: Marks) {
  const { position, id, source, type, diedAt, topic, failure } = letter;
  return {
    id,
    type,
    source,
    topic: topic ?? null,
    diedAt: diedAt.toString(),
    position,
    failure: describeFailure(failure),
    destination: failure.destination ?? null,
    status: failure.status ?? null,
    reason: failure.reason ?? null,
    paths: failure.paths,
    redrivenAt: marks.redrivenAt(letter)?.toString() ?? null,
  };
}

export function listTable(summaries: readonly Summary[]): string {
  return table(
    ['TIME', 'ID', 'TYPE', 'FROM', 'REASON', 'LIES AT', 'REDRIVEN'],
    summaries.map(({ diedAt, id, type, topic, failure, position, redrivenAt }) => [
      toSeconds(diedAt),
      brief(id, 60),
      brief(type, 60),
      brief(topic ?? 'unknown', 40),
      brief(failure, 60),
      position,
      redrivenAt === null ? '' : toSeconds(redrivenAt),
    ]),
  );
}

/** Everything of one dead letter; what may hold anything only when it is asked for. */
export function letterText(letter: DeadLetter, marks: Marks, withPayload: boolean): string {
  const { paths: _, ...summary } = summaryOf(letter, marks);
  const { attributes, data } = letter.event;
  const others = Object.entries(attributes).filter(([name]) => !(name in summary) && !isPayload(name));
  const facts = [...Object.entries(summary), ...others].map(([name, value]) => [
    name,
    brief(String(value ?? '-'), 300),
  ]);
  const payload = withPayload
    ? payloadText(letter)
    : `\n${data?.length ?? 0} bytes of data are not shown (--payload does).`;
  return `${table([], facts)}\n${payload}`;
}

/** A foreign record's key and headers are as much its content as its value is. */
function isPayload(attribute: string): boolean {
  return attribute.startsWith('kafkaheader') || attribute === 'key';
}

function payloadText({ event, failure }: DeadLetter): string {
  const headers = Object.entries(event.attributes).filter(([name]) => isPayload(name));
  return [
    ...headers.map(([name, value]) => `${name}: ${printable(value)}`),
    '--- data',
    event.data === null ? '(none: a tombstone)' : printable(event.data.toString()),
    '--- answer',
    printable(failure.body),
  ].join('\n');
}

const outcomes = {
  redriven: 'redriven',
  'same-event': 'redriven: the event lies there more than once',
  'done-before': 'left: it was redriven before (--force does it again)',
  'topic-unknown': 'left: where it came from cannot be told (give --to TOPIC)',
} as const satisfies Record<Redriven['outcome']['kind'], string>;

export function redriveSummary({ letter, outcome }: Redriven) {
  const { id, type, position } = letter;
  return { id, type, position, outcome: outcome.kind, to: 'to' in outcome ? outcome.to : null };
}

export function redriveTable(redriven: readonly ReturnType<typeof redriveSummary>[]): string {
  return table(
    ['ID', 'TYPE', 'LIES AT', 'TO', 'OUTCOME'],
    redriven.map(({ id, type, position, to, outcome }) => [
      brief(id, 60),
      brief(type, 60),
      position,
      to ?? '',
      outcomes[outcome],
    ]),
  );
}

function toSeconds(time: string): string {
  return Temporal.Instant.from(time).toString({ smallestUnit: 'second' });
}
