import type { AnyEvent } from '../../schemas/events/contract.ts';
import { encodeEvent } from './encode.ts';
import type { EventLog } from './event-log.ts';

/** Appends events to their topics in order; resolves when all are durable, rejects when any of them may not be there. */
export function appendTo(
  eventLog: Pick<EventLog, 'append'>,
): (events: readonly { readonly topic: string; readonly event: AnyEvent }[]) => Promise<void> {
  return (events) => eventLog.append(events.map(({ topic, event }) => encodeEvent(topic, event)));
}
