import { randomUUIDv7 } from 'node:crypto';

import { bookingCancelled } from '../../shared/db/booking-events.ts';
import { clashOf, insertBooking, listOccupying, lockBooking, saveBooking, takeTurn } from '../../shared/db/bookings.ts';
import type { Queryable } from '../../shared/db/client.ts';
import { releaseHold } from '../../shared/db/holds.ts';
import { saveAnswer } from '../../shared/db/idempotency-keys.ts';
import { enqueue, type OutgoingEvent } from '../../shared/db/outbox.ts';
import { bookingOutbox, type BookingRow } from '../../shared/db/schema/booking.ts';
import {
  againstTime,
  type BookingFacts,
  planCancel,
  type PlannedBooking,
  refusal,
  type SlotRequest,
  specialtySpan,
} from '../../shared/domain/booking.ts';
import type { Interval } from '../../shared/domain/interval.ts';
import { localDate, localDays } from '../../shared/domain/zone.ts';
import type { RequestContext } from '../../shared/runtime/function.ts';
import { actor } from './actor.ts';
import type { Deps } from './deps.ts';
import type { Practice } from './lookups.ts';

/** What somebody wants with a free slot: a booking or a hold. */
export type Wish = {
  readonly request: SlotRequest;
  readonly practice: Practice;
  /** Decides; throws `conflict` with every reason against it. */
  readonly plan: (facts: BookingFacts) => PlannedBooking;
  /** The event that tells of the row. */
  readonly tell: (row: BookingRow, traceparent: string) => OutgoingEvent;
  /** What the caller is answered, kept under their idempotency key. */
  readonly answer: (row: BookingRow) => { status: number; body: unknown };
  /** Whether other bookings bear on the decision beyond what the constraints of the database refuse. */
  readonly needsOthers: boolean;
};

/** Days after the wanted one in which a refusal looks for free slots. */
const LOOK_AHEAD_DAYS = 14;
/** What stood in the way may be gone a moment later, and something else there: decided anew so often. */
const DECISIONS = 3;

/**
 * Takes a free slot: one statement where nothing speaks against it, else a decision that has seen every other booking.
 * Throws `conflict` with every reason and the next free slots.
 */
export async function takeSlot(deps: Deps, wish: Wish, context: RequestContext): Promise<BookingRow> {
  const hint = await deps.hints.look(wish.request, wish.practice);
  if (hint.state !== 'busy' && isPlain(wish, deps.now())) {
    const row = await insertAtOnce(deps, wish, context);
    if (row !== undefined) return row;
  }
  return deps.hints.remember(wish.request, hint, () => decideInTurn(deps, wish, context));
}

function isPlain({ request, practice, needsOthers }: Wish, now: Temporal.Instant): boolean {
  return (
    !needsOthers &&
    practice.visitType.dailyCap === null &&
    againstTime(request.slotStart, { ...practice, now }).length === 0
  );
}

async function insertAtOnce(deps: Deps, wish: Wish, context: RequestContext): Promise<BookingRow | undefined> {
  const now = deps.now();
  const row = rowOf(wish.plan({ ...wish.practice, now }), wish.practice.country, context, now);
  const event = wish.tell(row, context.traceparent);
  const clash = await clashOf(() => deps.insertBooking(row, event, context.idempotency, wish.answer(row)));
  if (clash !== undefined) return undefined;
  deps.publish([event.partitionKey]);
  return row;
}

async function decideInTurn(deps: Deps, wish: Wish, context: RequestContext): Promise<BookingRow> {
  for (let decision = 0; decision < DECISIONS; decision += 1) {
    let taken: Taken | undefined;
    const clash = await clashOf(async () => {
      taken = await deps.db.transaction(async (tx) => {
        const written = await writeInTurn(deps, tx, wish, context);
        await tellFreed(deps, written.freeing);
        return written;
      });
    });
    if (clash === undefined && taken) return announce(deps, taken);
  }
  throw refusal([{ code: 'slot-taken' }]);
}

/** A row that was written, its event, and those of what had to go for it. */
type Taken = { row: BookingRow; event: OutgoingEvent; freeing: OutgoingEvent[] };

async function announce(deps: Deps, { row, event, freeing }: Taken): Promise<BookingRow> {
  await tellFreed(deps, freeing);
  deps.publish([...freeing, event].map(({ partitionKey }) => partitionKey));
  return row;
}

export async function tellFreed(deps: Deps, events: readonly OutgoingEvent[]): Promise<void> {
  await Promise.all(events.map(({ partitionKey }) => deps.hints.freed(partitionKey)));
}

/** The whole decision under the parties' turn: nothing it has read changes before it commits. */
async function writeInTurn(deps: Deps, tx: Queryable, wish: Wish, context: RequestContext): Promise<Taken> {
  const now = deps.now();
  const { country } = wish.practice;
  await takeTurn(tx, wish.request);
  const { facts, events: released } = await settleOthers(tx, wish.request, wish.practice, { now, context });
  const planned = wish.plan(facts);
  const replaced = await cancelReplaced(deps, tx, planned, { now, context, country });
  const row = rowOf(planned, country, context, now);
  const event = wish.tell(row, context.traceparent);
  await insertBooking(tx, row);
  await enqueue(tx, bookingOutbox, [...replaced, event]);
  await saveAnswer(tx, context.idempotency, wish.answer(row));
  return { row, event, freeing: [...released, ...replaced] };
}

type Moment = { now: Temporal.Instant; context: RequestContext };

/** What else occupies the parties around the slot; holds among it that have expired are given back. */
export async function settleOthers(
  tx: Queryable,
  request: SlotRequest,
  practice: Practice,
  { now, context }: Moment,
): Promise<{ facts: BookingFacts; events: OutgoingEvent[] }> {
  const occupying = await listOthers(tx, request, practice);
  const events: OutgoingEvent[] = [];
  for (const { country, id } of occupying.filter((one) => isStale(one, now))) {
    const hold = await lockBooking(tx, country, id);
    const { traceparent } = context;
    if (isStale(hold, now))
      events.push(await releaseHold(tx, hold, { cause: 'expired', now, ...actor(context), traceparent }));
  }
  return { facts: factsOf(occupying, request, practice, now), events };
}

/** The same where no slot is to be taken, so that expired holds are in nobody's way. */
export async function listFacts(
  tx: Queryable,
  request: SlotRequest,
  practice: Practice,
  now: Temporal.Instant,
): Promise<BookingFacts> {
  return factsOf(await listOthers(tx, request, practice), request, practice, now);
}

async function listOthers(
  tx: Queryable,
  { practitionerId, patientId, slotStart }: SlotRequest,
  { schedule: { timeZone } }: Practice,
): Promise<BookingRow[]> {
  const practitioner = { id: practitionerId, span: widened(lookAheadOf(timeZone, slotStart)) };
  return listOccupying(tx, practitioner, { id: patientId, span: specialtySpan(timeZone, slotStart) });
}

function factsOf(
  occupying: readonly BookingRow[],
  { practitionerId, patientId, slotStart }: SlotRequest,
  practice: Practice,
  now: Temporal.Instant,
): BookingFacts {
  const live = occupying.filter((one) => !isStale(one, now));
  return {
    ...practice,
    now,
    lookAhead: lookAheadOf(practice.schedule.timeZone, slotStart),
    practitionerBookings: live.filter((one) => one.practitionerId === practitionerId),
    patientBookings: live.filter((one) => one.patientId === patientId),
  };
}

function lookAheadOf(timeZone: string, slotStart: Temporal.Instant): Interval {
  return localDays(timeZone, localDate(timeZone, slotStart), LOOK_AHEAD_DAYS);
}

/** The bookings that give way, cancelled by the rules of any cancellation. */
export async function cancelReplaced(
  deps: Deps,
  tx: Queryable,
  { replaces }: Pick<PlannedBooking, 'replaces'>,
  { now, context, country }: Moment & { country: string },
): Promise<OutgoingEvent[]> {
  const events: OutgoingEvent[] = [];
  for (const id of replaces) {
    const former = await lockBooking(tx, country, id);
    const { visitType } = await deps.lookups.practice(country, former);
    const planned = planCancel(former, { visitType, now, caller: context.caller });
    const next = { ...former, ...planned, ...actor(context), updatedAt: now };
    await saveBooking(tx, { former, next, because: 'replaced by another booking' });
    events.push(bookingCancelled(next, actor(context).actedAs, context.traceparent));
  }
  return events;
}

function isStale({ status, holdExpiresAt }: BookingRow, now: Temporal.Instant): boolean {
  return status === 'held' && holdExpiresAt !== null && Temporal.Instant.compare(holdExpiresAt, now) <= 0;
}

/** Buffers reach out of the days they belong to. */
function widened({ start, end }: Interval): Interval {
  return { start: start.subtract({ hours: 24 }), end: end.add({ hours: 24 }) };
}

function rowOf(planned: PlannedBooking, country: string, context: RequestContext, now: Temporal.Instant): BookingRow {
  const { replaces: _, specialtyWindow, ...slot } = planned;
  return {
    ...slot,
    id: randomUUIDv7(),
    country,
    specialtyWindow: specialtyWindow && rangeText(specialtyWindow),
    ...actor(context),
    createdAt: now,
    updatedAt: now,
  };
}

export function rangeText({ start, end }: Interval): string {
  return `[${start.toString()},${end.toString()})`;
}
