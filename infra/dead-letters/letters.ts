import type { EventLog } from '../../shared/events/event-log.ts';
import { type DeadLetter, readDeadLetter } from './dead-letter.ts';
import type { Marks } from './marks.ts';

/** What lies in the topics now, one topic after the other. */
export async function* readLetters(eventLog: EventLog, topics: readonly string[]): AsyncGenerator<DeadLetter> {
  for (const topic of topics) {
    for await (const record of eventLog.read(topic)) yield readDeadLetter(record);
  }
}

/** Those of the event of that id, or the one that lies there. */
export async function* named(letters: AsyncIterable<DeadLetter>, name: string): AsyncGenerator<DeadLetter> {
  for await (const letter of letters) if (letter.id === name || letter.position === name) yield letter;
}

/** Those that were never put back. */
export async function* unmarked(letters: AsyncIterable<DeadLetter>, marks: Marks): AsyncGenerator<DeadLetter> {
  for await (const letter of letters) if (!marks.redrivenAt(letter)) yield letter;
}
