import * as z from 'zod';

import { Country, Id, Instant, Version } from '../fields.ts';
import { eventContract } from './contract.ts';

/** Ids and times only: what was booked, never why or with what contact. */
const Slot = {
  bookingId: Id,
  version: Version,
  country: Country,
  practitionerId: Id,
  patientId: Id,
  visitTypeId: Id,
  slotStart: Instant,
  slotEnd: Instant,
  /** The slot with the visit type's buffers around it: what the practitioner cannot give to another. */
  busyStart: Instant,
  busyEnd: Instant,
} as const;

const published = { source: '/careflow/booking', topic: 'booking-events' } as const;

export const BookingCreated = eventContract({
  ...published,
  type: 'careflow.booking.created.v1',
  summary: 'A slot was confirmed for a patient.',
  data: z.strictObject(Slot),
});

export const BookingCancelled = eventContract({
  ...published,
  type: 'careflow.booking.cancelled.v1',
  summary: 'A confirmed booking was cancelled; its slot is free again.',
  data: z.strictObject({ ...Slot, cancelledBy: z.enum(['patient', 'practitioner', 'staff', 'system', 'admin']) }),
});

export const BookingRescheduled = eventContract({
  ...published,
  type: 'careflow.booking.rescheduled.v1',
  summary: 'A confirmed booking moved to another slot; the former one is free again.',
  data: z.strictObject({ ...Slot, previousSlotStart: Instant, previousSlotEnd: Instant }),
});

export const BookingHeld = eventContract({
  ...published,
  type: 'careflow.booking.held.v1',
  summary: 'A slot is reserved for a patient until the hold expires.',
  data: z.strictObject({ ...Slot, expiresAt: Instant }),
});

export const BookingReleased = eventContract({
  ...published,
  type: 'careflow.booking.released.v1',
  summary: 'A hold was given back or expired; its slot is free again.',
  data: z.strictObject({ ...Slot, cause: z.enum(['released', 'expired']) }),
});

export const BookingCompleted = eventContract({
  ...published,
  type: 'careflow.booking.completed.v1',
  summary: 'The visit took place.',
  data: z.strictObject(Slot),
});

export const BookingNoShow = eventContract({
  ...published,
  type: 'careflow.booking.no-show.v1',
  summary: 'The patient did not come.',
  data: z.strictObject(Slot),
});
