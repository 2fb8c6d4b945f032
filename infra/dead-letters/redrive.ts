import type { EventLog, LogRecord } from '../../shared/events/event-log.ts';
import { type DeadLetter, originalRecord } from './dead-letter.ts';
import { markRecord, type Marks } from './marks.ts';

/** What became of a dead letter that was to be put back. */
export type Redriven = {
  readonly letter: DeadLetter;
  readonly outcome:
    | { readonly kind: 'redriven'; readonly to: string }
    /** The same event lies there more than once: one delivery serves all its consumers. */
    | { readonly kind: 'same-event'; readonly to: string }
    | { readonly kind: 'done-before'; readonly at: Temporal.Instant }
    | { readonly kind: 'topic-unknown' };
};

export type RedriveOptions = {
  readonly marks: Marks;
  readonly marksTopic: string;
  readonly now: Temporal.Instant;
  /** For events whose topic cannot be told. */
  readonly to: string | undefined;
  /** Also what was put back before. */
  readonly force: boolean;
  /** Tells what would be done. */
  readonly dryRun: boolean;
};

const BATCH_LETTERS = 100;

/**
 * Appends the original events to the topics they came from and records that, a batch at a time. Every consumer of the
 * topic gets them again, behind what has come since: their inboxes and versions make that harmless.
 */
export async function* redrive(
  eventLog: Pick<EventLog, 'append'>,
  letters: AsyncIterable<DeadLetter>,
  options: RedriveOptions,
): AsyncGenerator<Redriven> {
  const sent = new Set<string>();
  for await (const batch of inBatches(letters)) {
    const decided = batch.map((letter): Redriven => ({ letter, outcome: decide(letter, sent, options) }));
    if (!options.dryRun) await eventLog.append(decided.flatMap((each) => recordsFor(each, options)));
    yield* decided;
  }
}

function decide(letter: DeadLetter, sent: Set<string>, options: RedriveOptions): Redriven['outcome'] {
  const at = options.force ? undefined : options.marks.redrivenAt(letter);
  if (at) return { kind: 'done-before', at };
  const to = letter.topic ?? options.to;
  if (to === undefined) return { kind: 'topic-unknown' };
  const event = `${to} ${letter.source} ${letter.id}`;
  const kind = sent.has(event) ? 'same-event' : 'redriven';
  sent.add(event);
  return { kind, to };
}

function recordsFor({ letter, outcome }: Redriven, { marksTopic, now }: RedriveOptions): LogRecord[] {
  if (!('to' in outcome)) return [];
  const mark = markRecord(marksTopic, letter, outcome.to, now);
  return outcome.kind === 'redriven' ? [originalRecord(letter, outcome.to), mark] : [mark];
}

async function* inBatches(letters: AsyncIterable<DeadLetter>): AsyncGenerator<DeadLetter[]> {
  let batch: DeadLetter[] = [];
  for await (const letter of letters) {
    batch.push(letter);
    if (batch.length < BATCH_LETTERS) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}
