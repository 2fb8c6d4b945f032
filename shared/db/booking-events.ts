import { randomUUIDv7 } from 'node:crypto';

import {
  BookingCancelled,
  BookingCompleted,
  BookingCreated,
  BookingHeld,
  BookingNoShow,
  BookingReleased,
  BookingRescheduled,
} from '../../schemas/events/booking.v1.ts';
import { outgoing, type OutgoingEvent } from './outbox.ts';
import type { BookingRow } from './schema/booking.ts';
import type { Role } from '../domain/caller.ts';

export function bookingCreated(booking: BookingRow, traceparent: string): OutgoingEvent {
  return outgoing(BookingCreated, { ...about(booking, traceparent), data: slotOf(booking) });
}

export function bookingHeld(hold: BookingRow, traceparent: string): OutgoingEvent {
  const expiresAt = (hold.holdExpiresAt ?? hold.updatedAt).toString();
  return outgoing(BookingHeld, { ...about(hold, traceparent), data: { ...slotOf(hold), expiresAt } });
}

export function bookingCancelled(booking: BookingRow, cancelledBy: Role, traceparent: string): OutgoingEvent {
  return outgoing(BookingCancelled, { ...about(booking, traceparent), data: { ...slotOf(booking), cancelledBy } });
}

export function bookingRescheduled(booking: BookingRow, former: BookingRow, traceparent: string): OutgoingEvent {
  const previous = { previousSlotStart: former.slotStart.toString(), previousSlotEnd: former.slotEnd.toString() };
  return outgoing(BookingRescheduled, { ...about(booking, traceparent), data: { ...slotOf(booking), ...previous } });
}

export function bookingCompleted(booking: BookingRow, traceparent: string): OutgoingEvent {
  return outgoing(BookingCompleted, { ...about(booking, traceparent), data: slotOf(booking) });
}

export function bookingNoShow(booking: BookingRow, traceparent: string): OutgoingEvent {
  return outgoing(BookingNoShow, { ...about(booking, traceparent), data: slotOf(booking) });
}

export function bookingReleased(hold: BookingRow, cause: 'released' | 'expired', traceparent: string): OutgoingEvent {
  return outgoing(BookingReleased, { ...about(hold, traceparent), data: { ...slotOf(hold), cause } });
}

/** Events after which the practitioner has no more time than before. */
const TAKING: ReadonlySet<string> = new Set([BookingCreated.type, BookingHeld.type]);

/** The practitioners of whose time some becomes free by what the events tell. */
export function practitionersFreedBy(events: readonly OutgoingEvent[]): string[] {
  const freeing = events.filter(({ event }) => !TAKING.has(event.type));
  return [...new Set(freeing.map(({ partitionKey }) => partitionKey))];
}

/** Keyed by practitioner, so that what concerns one calendar stays in order. */
function about({ id, practitionerId, updatedAt }: BookingRow, traceparent: string) {
  return { id: randomUUIDv7(), subject: id, partitionKey: practitionerId, time: updatedAt, traceparent };
}

function slotOf(booking: BookingRow) {
  return {
    bookingId: booking.id,
    version: booking.version,
    country: booking.country,
    practitionerId: booking.practitionerId,
    patientId: booking.patientId,
    visitTypeId: booking.visitTypeId,
    slotStart: booking.slotStart.toString(),
    slotEnd: booking.slotEnd.toString(),
    busyStart: booking.busyStart.toString(),
    busyEnd: booking.busyEnd.toString(),
  };
}
