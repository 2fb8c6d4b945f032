import { z } from 'zod';

import { type DeadLetter } from '../../infra/dead-letters/dead-letter.ts';
import { describeFailure } from '../../infra/dead-letters/failure.ts';
import { readLetters } from '../../infra/dead-letters/letters.ts';
import { eventOfRecord } from '../../infra/local/knative/cloud-event.ts';
import { readTopics } from '../../infra/local/services/topics.ts';
import { BookingCancelled, BookingCreated, BookingRescheduled } from '../../schemas/events/booking.v1.ts';
import { type Check, checkAll } from './check.ts';
import type { AnsweredBooking } from './ledger.ts';
import type { ProofSource } from './proof-source.ts';

const Facts = z.object({ bookingId: z.string(), version: z.int(), slotStart: z.string() });

/** A booking event as the log holds it. */
export type LoggedEvent = z.infer<typeof Facts> & {
  readonly id: string;
  readonly source: string;
  readonly type: string;
};

export type EventsByBooking = ReadonlyMap<string, readonly LoggedEvent[]>;

/** The events of the run's bookings, in the order of the log. */
export async function readEvents({ eventLog, ledger }: ProofSource): Promise<EventsByBooking> {
  const events: LoggedEvent[] = [];
  for await (const record of eventLog.read(BookingCreated.topic)) {
    const { attributes, data } = eventOfRecord(record, { namespace: 'proof', name: 'proof' });
    const facts = Facts.safeParse(parseJson(data));
    const { id = '', source = '', type = '' } = attributes;
    if (facts.success && ledger.bookings.has(facts.data.bookingId)) events.push({ ...facts.data, id, source, type });
  }
  return Map.groupBy(events, ({ bookingId }) => bookingId);
}

/** Foreign records may lie in the topic too. */
function parseJson(data: Buffer | null): unknown {
  try {
    return JSON.parse(data?.toString() ?? '');
  } catch {
    return undefined;
  }
}

/** Every version of every booking is in the log, for the first time in order; whatever is there again is the same event. */
export function checkEvents({ ledger }: ProofSource, events: EventsByBooking): Check {
  const repeats = [...events.values()].map((logged) => logged.length - new Set(logged.map(({ id }) => id)).size);
  const repeated = repeats.reduce((all, one) => all + one, 0);
  const what = `bookings have each of their events in the log, in the order of versions; ${repeated} came again`;
  return checkAll(what, ledger.bookings.values(), (booking) => {
    const logged = events.get(booking.id) ?? [];
    const firsts = [...Map.groupBy(logged, ({ version }) => version).values()].flatMap(([first]) => first ?? []);
    const versions = firsts.map(({ version }) => version).join(', ');
    const expected = Array.from({ length: booking.version }, (_, index) => index + 1).join(', ');
    if (versions !== expected) return `${booking.id}: versions ${versions || 'none'} instead of ${expected}`;
    const twins = logged.filter(({ id, version }) => firsts[version - 1]?.id !== id);
    if (twins.length > 0) return `${booking.id}: two events tell of version ${twins[0]?.version}`;
    return lastDiffers(booking, firsts.at(-1));
  });
}

function lastDiffers({ id, status, version, slotStart }: AnsweredBooking, last: LoggedEvent | undefined) {
  const type = typeOf(status, version);
  const isSame = last?.type === type && Temporal.Instant.from(last.slotStart).equals(slotStart);
  return isSame
    ? undefined
    : `${id}: the last event is ${last?.type} of ${last?.slotStart} instead of ${type} of ${slotStart}`;
}

function typeOf(status: AnsweredBooking['status'], version: number): string {
  if (status === 'cancelled') return BookingCancelled.type;
  return version === 1 ? BookingCreated.type : BookingRescheduled.type;
}

/** Nothing was given up since the run began. */
export async function checkDeadLetters({ eventLog, startedAt }: ProofSource): Promise<Check> {
  const topics = (await readTopics({ brokers: 1 })).map(({ name }) => name);
  const since: DeadLetter[] = [];
  for await (const letter of readLetters(
    eventLog,
    topics.filter((name) => name.startsWith('dead-letters-')),
  )) {
    if (Temporal.Instant.compare(letter.diedAt, startedAt) >= 0) since.push(letter);
  }
  const differences = since.map(({ type, id, failure }) => `${type} ${id}: ${describeFailure(failure)}`);
  return { what: 'dead letters', examined: since.length, differences };
}
