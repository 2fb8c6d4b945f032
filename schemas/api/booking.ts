import * as z from 'zod';

import { Id, Instant, PathCountry, Version, wholeNumber } from '../fields.ts';
import type { OperationContract } from './contract.ts';

const BookingStatus = z.enum(['held', 'confirmed', 'completed', 'cancelled', 'no_show', 'released']);

export const Booking = z
  .strictObject({
    id: Id,
    status: BookingStatus,
    version: Version,
    practitionerId: Id,
    patientId: Id,
    visitTypeId: Id,
    slotStart: Instant,
    slotEnd: Instant,
  })
  .meta({ id: 'Booking' });

export const Hold = z.strictObject({ id: Id, expiresAt: Instant }).meta({ id: 'Hold' });

/** What a patient already has within the days the rule looks at: keep it, or replace it by the new one. */
const SameSpecialty = z.enum(['refuse', 'keep', 'replace']);

const country = z.strictObject({ country: PathCountry });
const one = z.strictObject({ country: PathCountry, id: Id });

const wanted = {
  practitionerId: Id,
  patientId: Id,
  visitTypeId: Id,
  slotStart: Instant,
};

const NewBooking = z.strictObject({
  ...wanted,
  holdId: Id.optional(),
  sameSpecialty: SameSpecialty.default('refuse').meta({
    description: 'Another booking of the same specialty within 6 days: refuse (409), keep both, or replace it',
  }),
});

const roles = ['patient', 'practitioner', 'staff', 'system', 'admin'] as const;
const writes = { scope: 'bookings:write', roles } as const;
const reads = { scope: 'bookings:read', roles } as const;

export const createBooking = {
  ...writes,
  id: 'createBooking',
  method: 'POST',
  path: '/{country}/bookings',
  summary: 'Confirms a free slot for a patient',
  params: country,
  body: NewBooking,
  status: 201,
  output: Booking,
  refusals: [404, 409, 422],
} as const satisfies OperationContract;

export const getBooking = {
  ...reads,
  id: 'getBooking',
  method: 'GET',
  path: '/{country}/bookings/{id}',
  summary: 'Reads a booking',
  params: one,
  status: 200,
  output: Booking,
  refusals: [404],
} as const satisfies OperationContract;

export const listBookings = {
  ...reads,
  id: 'listBookings',
  method: 'GET',
  path: '/{country}/bookings',
  summary: 'Lists bookings by slot start, a page at a time',
  params: country,
  query: z.strictObject({
    patientId: Id.optional(),
    practitionerId: Id.optional(),
    from: Instant.optional(),
    to: Instant.optional(),
    status: BookingStatus.optional(),
    cursor: z.string().max(200).optional(),
    limit: wholeNumber({ min: 1, max: 100, absent: 20 }),
  }),
  status: 200,
  output: z.strictObject({ items: z.array(Booking), nextCursor: z.string().nullable() }).meta({ id: 'BookingPage' }),
  refusals: [404],
} as const satisfies OperationContract;

export const cancelBooking = {
  ...writes,
  id: 'cancelBooking',
  method: 'POST',
  path: '/{country}/bookings/{id}/cancel',
  summary: 'Cancels a confirmed booking whose visit has not begun, and frees its slot',
  params: one,
  body: z.strictObject({ reason: z.string().max(500).optional() }),
  status: 200,
  output: Booking,
  refusals: [404, 409, 412, 422],
} as const satisfies OperationContract;

export const rescheduleBooking = {
  ...writes,
  id: 'rescheduleBooking',
  method: 'POST',
  path: '/{country}/bookings/{id}/reschedule',
  summary: 'Moves a confirmed booking whose visit has not begun to another slot, or changes nothing',
  params: one,
  body: z.strictObject({ slotStart: Instant, sameSpecialty: SameSpecialty.exclude(['replace']).default('refuse') }),
  status: 200,
  output: Booking,
  refusals: [404, 409, 412, 422],
} as const satisfies OperationContract;

/** From the slot's start on, by those who were there. */
const ends = {
  scope: 'bookings:write',
  roles: ['practitioner', 'staff', 'admin'],
  method: 'POST',
  params: one,
  status: 200,
  output: Booking,
  refusals: [404, 409, 412, 422],
} as const;

export const completeBooking = {
  ...ends,
  id: 'completeBooking',
  path: '/{country}/bookings/{id}/complete',
  summary: 'Says that a visit which has begun took place',
} as const satisfies OperationContract;

export const recordNoShow = {
  ...ends,
  id: 'recordNoShow',
  path: '/{country}/bookings/{id}/no-show',
  summary: 'Says that the patient did not come to a visit which has begun',
} as const satisfies OperationContract;

export const holdSlot = {
  ...writes,
  id: 'holdSlot',
  method: 'POST',
  path: '/{country}/holds',
  summary: 'Reserves a free slot for some minutes',
  params: country,
  body: z.strictObject(wanted),
  status: 201,
  output: Hold,
  refusals: [404, 409, 422],
} as const satisfies OperationContract;

export const releaseHold = {
  ...writes,
  id: 'releaseHold',
  method: 'DELETE',
  path: '/{country}/holds/{id}',
  summary: 'Gives a held slot back',
  params: one,
  status: 204,
  refusals: [404, 409],
} as const satisfies OperationContract;
