import { AppError } from '../errors.ts';
import type { Role } from './caller.ts';
import type { Grid } from './grid.ts';
import { type Interval, overlap } from './interval.ts';
import { type BusySlot, busyTime, fullDays, nextOpenings } from './openings.ts';
import { isOpen, type Schedule } from './schedule.ts';
import { slotsOfVisit } from './slots.ts';
import { bookableSpan, visitAt, type VisitType } from './visit-type.ts';
import { localDate, localDays } from './zone.ts';

type BookingStatus = 'held' | 'confirmed' | 'completed' | 'cancelled' | 'no_show' | 'released';

/** What a booking may become. A hold that expires is released. */
const successors: Record<BookingStatus, readonly BookingStatus[]> = {
  held: ['confirmed', 'released'],
  confirmed: ['completed', 'cancelled', 'no_show'],
  completed: [],
  cancelled: [],
  no_show: [],
  released: [],
};

/** What the rules need to know of a booking. */
export type BookingState = {
  readonly id: string;
  readonly status: BookingStatus;
  readonly version: number;
  readonly practitionerId: string;
  readonly patientId: string;
  readonly visitTypeId: string;
  readonly slotStart: Temporal.Instant;
  readonly slotEnd: Temporal.Instant;
};

export type HoldState = BookingState & { readonly holdExpiresAt: Temporal.Instant | null };

/** A booking that occupies both its parties: held or confirmed. */
export type ActiveBooking = Omit<BookingState, 'version'> &
  BusySlot & { readonly specialty: string; readonly holdExpiresAt?: Temporal.Instant | null };

/** Why something cannot be booked, moved, cancelled or ended, in the words of the answer. */
export type Reason =
  | { readonly code: 'off-grid' | 'outside-working-hours' | 'patient-overlap' }
  /** `heldUntil` where nothing but holds stands in the way. */
  | { readonly code: 'slot-taken'; readonly heldUntil?: string }
  | { readonly code: 'too-soon'; readonly earliest: string }
  | { readonly code: 'beyond-horizon'; readonly before: string }
  | { readonly code: 'daily-cap'; readonly cap: number }
  | { readonly code: 'same-specialty'; readonly options: readonly string[]; readonly bookingIds: readonly string[] }
  | { readonly code: 'past-cut-off'; readonly until: string }
  | { readonly code: 'begun'; readonly since: string }
  | { readonly code: 'wrong-status'; readonly status: BookingStatus }
  | { readonly code: 'same-slot' | 'hold-expired' | 'hold-mismatch' };

/** Another booking of the same specialty near by: refuse, keep both, or replace it by the new one. */
export type SameSpecialty = 'refuse' | 'keep' | 'replace';

export type SlotRequest = {
  readonly practitionerId: string;
  readonly patientId: string;
  readonly visitTypeId: string;
  readonly slotStart: Temporal.Instant;
};

export type BookingRequest = SlotRequest & { readonly sameSpecialty: SameSpecialty };

/** What a decision rests on. The lists may hold more than touches the request, and lack what is not known yet. */
export type BookingFacts = {
  readonly visitType: VisitType;
  readonly schedule: Schedule;
  readonly grid: Grid;
  readonly now: Temporal.Instant;
  /** Of the practitioner, for the slot with its buffers and, where there is a daily cap, for the local day. */
  readonly practitionerBookings?: readonly ActiveBooking[];
  /** Of the patient, for the slot and for `specialtySpan` around it. */
  readonly patientBookings?: readonly ActiveBooking[];
  /** What `againstTime` says, where it has been asked already. */
  readonly againstTime?: readonly Reason[];
  /** Where `practitionerBookings` is complete, so that a refusal may name free slots. */
  readonly lookAhead?: Interval;
};

/** What decides whether a booking may still be left. A visit type that is offered no more has no cut-off. */
export type CutOffFacts = {
  readonly visitType: Pick<VisitType, 'cancelCutOffMinutes'> | undefined;
  readonly now: Temporal.Instant;
  readonly actedAs: Role;
};

/** What a booking's slot occupies. */
export type PlannedSlot = {
  readonly slotStart: Temporal.Instant;
  readonly slotEnd: Temporal.Instant;
  readonly busyStart: Temporal.Instant;
  readonly busyEnd: Temporal.Instant;
  readonly version: number;
};

export type PlannedBooking = PlannedSlot &
  SlotRequest & {
    readonly status: 'held' | 'confirmed';
    readonly specialty: string;
    readonly holdExpiresAt: Temporal.Instant | null;
    /** Confirmed bookings that give way to this one. */
    readonly replaces: readonly string[];
  };

/** Local days within which a patient is asked whether they want a second booking of one specialty. */
const SAME_SPECIALTY_DAYS = 6;
/** How many other slots a refusal names. */
const ALTERNATIVES = 3;

/** Plans the confirmed booking of a free slot. Throws `conflict` with every reason against it. */
export function planBooking(request: BookingRequest, facts: BookingFacts): PlannedBooking {
  mustOfferVisit(request, facts.visitType);
  const replaces = replacedBy(request, facts);
  mustHaveNone([...reasonsAgainst(request, facts, replaces), ...tooNear(request, facts)], request, facts);
  const slot = planSlot(request, facts);
  return { ...slot, ...slotRequest(request), ...identity(facts), status: 'confirmed', holdExpiresAt: null, replaces };
}

/** Plans a hold, which expires after `minutes`. Whether a second booking of the specialty is wanted is asked on confirming. */
export function planHold(request: SlotRequest, facts: BookingFacts, minutes: number): PlannedBooking {
  mustOfferVisit(request, facts.visitType);
  mustHaveNone(reasonsAgainst(request, facts, []), request, facts);
  const slot = planSlot(request, facts);
  const holdExpiresAt = facts.now.add({ minutes });
  return { ...slot, ...slotRequest(request), ...identity(facts), status: 'held', holdExpiresAt, replaces: [] };
}

/** Plans the confirmation of what a hold reserved, for its own patient, slot and visit type, before it expires. */
export function confirmHold(hold: HoldState, request: BookingRequest, facts: BookingFacts): PlannedBooking {
  mustOfferVisit(request, facts.visitType);
  const others = withoutBooking(facts, hold.id);
  const replaces = replacedBy(request, others);
  mustHaveNone([...againstHold(hold, request, facts.now), ...tooNear(request, others)], request, others);
  const slot = { ...planSlot(request, facts), version: hold.version + 1 };
  return { ...slot, ...slotRequest(request), ...identity(facts), status: 'confirmed', holdExpiresAt: null, replaces };
}

/** Plans the move of a confirmed booking to another slot, before it begins. A patient is bound by the cut-off, as in cancelling. */
export function planReschedule(
  booking: BookingState,
  { slotStart, sameSpecialty }: Pick<BookingRequest, 'slotStart' | 'sameSpecialty'>,
  facts: BookingFacts & { readonly actedAs: Role },
): PlannedSlot {
  const request = { ...booking, slotStart, sameSpecialty };
  const others = withoutBooking(facts, booking.id);
  mustOfferVisit(request, facts.visitType);
  mustHaveNone(
    [
      ...(booking.status === 'confirmed' ? [] : [{ code: 'wrong-status', status: booking.status } as const]),
      ...(booking.slotStart.equals(slotStart) ? [{ code: 'same-slot' } as const] : []),
      ...pastCutOff(booking, facts),
      ...begun(booking, facts.now),
      ...reasonsAgainst(request, others, []),
      ...tooNear(request, others),
    ],
    request,
    others,
  );
  return { ...planSlot(request, facts), version: booking.version + 1 };
}

/** Plans a cancellation: up to the cut-off by the patient, up to the visit by those who run the practice. */
export function planCancel(booking: BookingState, facts: CutOffFacts): { status: 'cancelled'; version: number } {
  const reasons = [...mayNotBecome(booking, 'cancelled'), ...pastCutOff(booking, facts), ...begun(booking, facts.now)];
  if (reasons.length > 0) throw refusal(reasons);
  return { status: 'cancelled', version: booking.version + 1 };
}

/** How a visit ends that was not cancelled. */
export type VisitEnd = 'completed' | 'no_show';

/** Plans that a visit took place or that its patient did not come, from when it begins on. */
export function planEnd(
  booking: BookingState,
  status: VisitEnd,
  now: Temporal.Instant,
): { status: VisitEnd; version: number } {
  const reasons = mayNotBecome(booking, status);
  if (isBefore(now, booking.slotStart)) reasons.push({ code: 'too-soon', earliest: booking.slotStart.toString() });
  if (reasons.length > 0) throw refusal(reasons);
  return { status, version: booking.version + 1 };
}

/** Plans that a hold is given back, or has expired. */
export function planRelease(hold: BookingState): { status: 'released'; version: number } {
  const reasons = mayNotBecome(hold, 'released');
  if (reasons.length > 0) throw refusal(reasons);
  return { status: 'released', version: hold.version + 1 };
}

/** The time around a slot in which another booking of the specialty starts too near, in the practitioner's zone. */
export function specialtySpan(timeZone: string, slotStart: Temporal.Instant): Interval {
  const first = localDate(timeZone, slotStart).subtract({ days: SAME_SPECIALTY_DAYS });
  return localDays(timeZone, first, 2 * SAME_SPECIALTY_DAYS + 1);
}

/** The refusal of what cannot be booked, with every reason at once. */
export function refusal(reasons: readonly Reason[], details: Readonly<Record<string, unknown>> = {}): AppError {
  const codes = reasons.map(({ code }) => code).join(', ');
  return new AppError('conflict', `This cannot be done: ${codes}.`, { ...details, reasons });
}

function mustHaveNone(reasons: readonly Reason[], { slotStart }: SlotRequest, facts: BookingFacts): void {
  if (reasons.length > 0) throw refusal(reasons, { nextFreeSlots: nextFreeSlots(slotStart, facts) });
}

function mustOfferVisit({ practitionerId, visitTypeId }: SlotRequest, visitType: VisitType): void {
  if (visitType.practitionerId === practitionerId && visitType.id === visitTypeId) return;
  throw new AppError('not-found', 'The practitioner does not offer this visit type.');
}

function reasonsAgainst(request: SlotRequest, facts: BookingFacts, replaced: readonly string[]): Reason[] {
  const { practitionerBookings = [], patientBookings = [] } = facts;
  const staying = ({ id }: ActiveBooking) => !replaced.includes(id);
  return [
    ...(facts.againstTime ?? againstTime(request.slotStart, facts)),
    ...againstPractitioner(request.slotStart, facts, practitionerBookings.filter(staying)),
    ...againstPatient(request.slotStart, facts, patientBookings.filter(staying)),
  ];
}

/** What the clock, the grid and the working hours say against a start, without a look at other bookings. */
export function againstTime(slotStart: Temporal.Instant, { visitType, schedule, grid, now }: BookingFacts): Reason[] {
  const { slot } = visitAt(visitType, slotStart);
  const bookable = bookableSpan(visitType, schedule.timeZone, now);
  const reasons: Reason[] = [];
  if (!slotsOfVisit(grid, schedule.timeZone, slotStart, visitType.durationMinutes)) reasons.push({ code: 'off-grid' });
  if (!isOpen(schedule, slot)) reasons.push({ code: 'outside-working-hours' });
  if (isBefore(slotStart, bookable.start)) reasons.push({ code: 'too-soon', earliest: bookable.start.toString() });
  if (!isBefore(slotStart, bookable.end)) reasons.push({ code: 'beyond-horizon', before: bookable.end.toString() });
  return reasons;
}

function againstPractitioner(
  slotStart: Temporal.Instant,
  { visitType, schedule }: BookingFacts,
  bookings: readonly ActiveBooking[],
): Reason[] {
  if (bookings.length === 0) return [];
  const { busy } = visitAt(visitType, slotStart);
  const reasons: Reason[] = [];
  const inTheWay = bookings.filter((taken) => overlap(busy, busyTime(taken)));
  if (inTheWay.length > 0) reasons.push({ code: 'slot-taken', ...heldUntil(inTheWay) });
  const full = fullDays(visitType, schedule.timeZone, bookings);
  if (visitType.dailyCap !== null && full.has(localDate(schedule.timeZone, slotStart).toString())) {
    reasons.push({ code: 'daily-cap', cap: visitType.dailyCap });
  }
  return reasons;
}

function heldUntil(inTheWay: readonly ActiveBooking[]): { heldUntil?: string } {
  const expiries = inTheWay.map(({ status, holdExpiresAt }) => (status === 'held' && holdExpiresAt) || undefined);
  const known = expiries.filter((expiry) => expiry !== undefined).toSorted(Temporal.Instant.compare);
  const last = known.length === inTheWay.length ? known.at(-1) : undefined;
  return last === undefined ? {} : { heldUntil: last.toString() };
}

function againstPatient(
  slotStart: Temporal.Instant,
  { visitType }: BookingFacts,
  bookings: readonly ActiveBooking[],
): Reason[] {
  if (bookings.length === 0) return [];
  const { slot } = visitAt(visitType, slotStart);
  const overlaps = bookings.some((other) => overlap(slot, { start: other.slotStart, end: other.slotEnd }));
  return overlaps ? [{ code: 'patient-overlap' }] : [];
}

/** The first free starts from the wanted one on, as instants. */
function nextFreeSlots(slotStart: Temporal.Instant, facts: BookingFacts): string[] {
  const { lookAhead, practitionerBookings: taken = [], visitType } = facts;
  if (lookAhead === undefined) return [];
  const start = isBefore(slotStart, lookAhead.start) ? lookAhead.start : slotStart;
  const found = nextOpenings([visitType], { ...facts, taken }, { start, end: lookAhead.end }, ALTERNATIVES);
  return found.map((opening) => opening.start.toString());
}

/** What is under way or past cannot be replaced, only kept. */
function tooNear({ slotStart, sameSpecialty }: BookingRequest, facts: BookingFacts): Reason[] {
  const near = sameSpecialty === 'keep' ? [] : nearBookings(slotStart, facts);
  const lasting = near.filter((other) => isBefore(other.slotStart, facts.now));
  const unsolved = sameSpecialty === 'replace' ? lasting : near;
  if (unsolved.length === 0) return [];
  const options = lasting.length === 0 ? ['keep', 'replace'] : ['keep'];
  return [{ code: 'same-specialty', options, bookingIds: near.map(({ id }) => id) }];
}

function replacedBy({ slotStart, sameSpecialty }: BookingRequest, facts: BookingFacts): string[] {
  if (sameSpecialty !== 'replace') return [];
  const coming = nearBookings(slotStart, facts).filter((other) => !isBefore(other.slotStart, facts.now));
  return coming.map(({ id }) => id);
}

function nearBookings(
  slotStart: Temporal.Instant,
  { visitType, schedule, patientBookings = [] }: BookingFacts,
): ActiveBooking[] {
  const alike = patientBookings.filter(
    (other) => other.status === 'confirmed' && other.specialty === visitType.specialty,
  );
  if (alike.length === 0) return [];
  const span = specialtySpan(schedule.timeZone, slotStart);
  return alike.filter((other) => !isBefore(other.slotStart, span.start) && isBefore(other.slotStart, span.end));
}

function pastCutOff(booking: BookingState, { visitType, now, actedAs }: CutOffFacts): Reason[] {
  if (actedAs !== 'patient' || visitType === undefined) return [];
  const until = booking.slotStart.subtract({ minutes: visitType.cancelCutOffMinutes });
  return isBefore(until, now) ? [{ code: 'past-cut-off', until: until.toString() }] : [];
}

/** From when a visit begins on, what remains to be said of it is how it ended. */
function begun({ slotStart }: BookingState, now: Temporal.Instant): Reason[] {
  return isBefore(now, slotStart) ? [] : [{ code: 'begun', since: slotStart.toString() }];
}

function mayNotBecome({ status }: BookingState, next: BookingStatus): Reason[] {
  return successors[status].includes(next) ? [] : [{ code: 'wrong-status', status }];
}

function againstHold(hold: HoldState, request: SlotRequest, now: Temporal.Instant): Reason[] {
  const reasons = mayNotBecome(hold, 'confirmed');
  if (!reserves(hold, request)) reasons.push({ code: 'hold-mismatch' });
  if (hold.status === 'held' && !isBefore(now, hold.holdExpiresAt)) reasons.push({ code: 'hold-expired' });
  if (isBefore(request.slotStart, now)) reasons.push({ code: 'too-soon', earliest: now.toString() });
  return reasons;
}

function reserves(hold: BookingState, request: SlotRequest): boolean {
  return (
    hold.patientId === request.patientId &&
    hold.practitionerId === request.practitionerId &&
    hold.visitTypeId === request.visitTypeId &&
    hold.slotStart.equals(request.slotStart)
  );
}

function withoutBooking(facts: BookingFacts, id: string): BookingFacts {
  const others = (bookings: readonly ActiveBooking[] = []) => bookings.filter((booking) => booking.id !== id);
  return {
    ...facts,
    practitionerBookings: others(facts.practitionerBookings),
    patientBookings: others(facts.patientBookings),
  };
}

function planSlot({ slotStart }: SlotRequest, { visitType }: BookingFacts): PlannedSlot {
  const { slot, busy } = visitAt(visitType, slotStart);
  return {
    slotStart,
    slotEnd: slot.end,
    busyStart: busy.start,
    busyEnd: busy.end,
    version: 1,
  };
}

function slotRequest({ practitionerId, patientId, visitTypeId, slotStart }: SlotRequest): SlotRequest {
  return { practitionerId, patientId, visitTypeId, slotStart };
}

function identity({ visitType }: BookingFacts): { specialty: string } {
  return { specialty: visitType.specialty };
}

function isBefore(one: Temporal.Instant, other: Temporal.Instant | null): boolean {
  return other !== null && Temporal.Instant.compare(one, other) < 0;
}
