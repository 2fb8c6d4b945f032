import { z } from 'zod';

import type { EventLog, LogRecord } from '../../shared/events/event-log.ts';
import type { DeadLetter } from './dead-letter.ts';

/** Where it is kept which dead letters were put back: a log is never changed, so what became of a record is another one. */
export const marksTopic = 'redriven-dead-letters';

/** `id` is in it because the positions of a topic that was made anew begin at nought again. */
const Mark = z.object({ position: z.string(), id: z.string(), to: z.string(), redrivenAt: z.iso.datetime() });

/** When a dead letter was last put back. */
export type Marks = { redrivenAt(letter: DeadLetter): Temporal.Instant | undefined };

export async function readMarks(eventLog: Pick<EventLog, 'read'>, topic: string): Promise<Marks> {
  const marks = new Map<string, Temporal.Instant>();
  for await (const { value } of eventLog.read(topic)) {
    const mark = Mark.parse(JSON.parse(value?.toString() ?? ''));
    marks.set(keyOf(mark), Temporal.Instant.from(mark.redrivenAt));
  }
  return { redrivenAt: (letter) => marks.get(keyOf(letter)) };
}

/** The record that says: put back to that topic. */
export function markRecord(topic: string, letter: DeadLetter, to: string, now: Temporal.Instant): LogRecord {
  const mark: z.infer<typeof Mark> = { position: letter.position, id: letter.id, to, redrivenAt: now.toString() };
  return {
    topic,
    key: letter.position,
    headers: { 'content-type': 'application/json' },
    value: Buffer.from(JSON.stringify(mark)),
  };
}

function keyOf({ position, id }: { readonly position: string; readonly id: string }): string {
  return `${position} ${id}`;
}
