import { randomUUIDv7 } from 'node:crypto';

import { insertBooking, takeTurn } from '../../shared/db/bookings.ts';
import { saveAnswer } from '../../shared/db/idempotency-keys.ts';
import { enqueue, type OutgoingEvent } from '../../shared/db/outbox.ts';
import { bookingOutbox, type BookingRow } from '../../shared/db/schema/booking.ts';
import {
  againstTime,
  type BookingFacts,
  type PlannedBooking,
  type SameSpecialty,
} from '../../shared/domain/booking.ts';
import type { RequestContext } from '../../shared/runtime/function.ts';
import type { CheckedRequest } from './slot-request.ts';
import { cancelReplaced } from './cancel.ts';
import { commit } from './change.ts';
import type { Deps } from './deps.ts';
import { expireHolds, listOthers } from './facts.ts';

/** What somebody wants with a free slot: a booking or a hold. */
export type Wish = CheckedRequest & {
  /** Decides; throws `conflict` with every reason against it. */
  readonly plan: (facts: BookingFacts) => PlannedBooking;
  /** The event that tells of the row. */
  readonly tell: (row: BookingRow, traceparent: string) => OutgoingEvent;
  /** What the caller is answered, kept under their idempotency key. */
  readonly answer: (row: BookingRow) => unknown;
  /** What becomes of another booking of the specialty near by. */
  readonly sameSpecialty: SameSpecialty;
};

/**
 * Takes a free slot: in one statement where nothing seems to speak against it, else by a decision that has seen every
 * other booking. Throws `conflict` with every reason and the next free slots.
 */
export async function takeSlot(deps: Deps, wish: Wish, context: RequestContext): Promise<BookingRow> {
  // Others may give way then, so that what the bitmap says, or somebody was refused with, says nothing.
  if (wish.sameSpecialty === 'replace') return takeInTurn(deps, wish, context);
  const state = await deps.hints.look(wish.request, wish.practice);
  const row = state === 'busy' ? undefined : await takeAtOnce(deps, wish, context);
  return row ?? deps.hints.remember(wish.request, () => takeInTurn(deps, wish, context));
}

/** Resolves to undefined where the decision needs more than the constraints of the database know. */
async function takeAtOnce(deps: Deps, wish: Wish, context: RequestContext): Promise<BookingRow | undefined> {
  const facts = { ...wish.practice, now: deps.now() };
  const reasons = againstTime(wish.request.slotStart, facts);
  if (reasons.length > 0 || facts.visitType.dailyCap !== null) return undefined;
  const { replaces: _, ...planned } = wish.plan({ ...facts, againstTime: reasons });
  const booking = newRow(wish, planned, facts.now);
  const event = wish.tell(booking, context.traceparent);
  const answer = { status: 201, body: wish.answer(booking) };
  const apartFrom = wish.sameSpecialty === 'keep' ? null : booking.specialty;
  const claim = context.idempotency;
  if (!(await deps.insertAtOnce({ booking, apartFrom, event, claim, answer }))) return undefined;
  deps.publish([event.partitionKey]);
  return booking;
}

/** The decision under the parties' turn: nothing it has read changes before it commits. */
async function takeInTurn(deps: Deps, wish: Wish, context: RequestContext): Promise<BookingRow> {
  const { request, practice } = wish;
  const { country } = practice;
  const { traceparent, idempotency } = context;
  return commit(deps, async (tx) => {
    await takeTurn(tx, request);
    const now = deps.now();
    const { facts, stale } = await listOthers(tx, request, practice, now);
    const { replaces, ...planned } = wish.plan(facts);
    const expired = await expireHolds(tx, stale, { now, traceparent });
    const replaced = await cancelReplaced(
      deps,
      tx,
      replaces.map((id) => ({ country, id })),
      context,
    );
    const booking = newRow(wish, planned, now);
    const event = wish.tell(booking, traceparent);
    await insertBooking(tx, booking);
    await enqueue(tx, bookingOutbox, [event]);
    await saveAnswer(tx, idempotency, { status: 201, body: wish.answer(booking) });
    return { booking, events: [...expired, ...replaced, event] };
  });
}

function newRow(
  { practice: { country }, actor }: Wish,
  plan: Omit<PlannedBooking, 'replaces'>,
  now: Temporal.Instant,
): BookingRow {
  return { ...plan, ...actor, id: randomUUIDv7(), country, createdAt: now, updatedAt: now };
}
