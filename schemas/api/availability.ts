import * as z from 'zod';

import { CalendarDate, Id, Instant, PathCountry, wholeNumber } from '../fields.ts';
import type { OperationContract } from './contract.ts';

const Slot = z.strictObject({ start: Instant, end: Instant }).meta({ id: 'Slot' });

export const Availability = z
  .strictObject({
    practitionerId: Id,
    timeZone: z.string().meta({ description: 'IANA time zone of the practitioner' }),
    days: z.array(z.strictObject({ date: CalendarDate, slots: z.array(Slot) })),
    nextAvailable: Instant.nullable(),
  })
  .meta({ id: 'Availability' });

const range = {
  from: CalendarDate.optional().meta({ description: "First local day; the practitioner's today when absent" }),
  days: wholeNumber({ min: 1, max: 90, absent: 7 }),
};

const reads = {
  scope: 'availability:read',
  roles: ['patient', 'practitioner', 'staff', 'system', 'admin'],
  method: 'GET',
  status: 200,
} as const;

export const getAvailability = {
  ...reads,
  id: 'getAvailability',
  path: '/{country}/practitioners/{id}/availability',
  summary: 'Free slots of one practitioner for up to 90 days',
  params: z.strictObject({ country: PathCountry, id: Id }),
  query: z.strictObject({
    ...range,
    visitTypeId: Id.optional().meta({
      description:
        'What is to be booked. When absent: wherever one of the visit types can start, until the shortest that can would end',
    }),
  }),
  output: Availability,
  refusals: [404],
} as const satisfies OperationContract;

export const listAvailability = {
  ...reads,
  id: 'listAvailability',
  path: '/{country}/availability',
  summary: 'Free slots of up to 100 practitioners, for whichever of their visit types can start there',
  params: z.strictObject({ country: PathCountry }),
  query: z.strictObject({
    ...range,
    practitionerIds: z
      .string()
      .max(4000)
      .transform((ids) => ids.split(','))
      .pipe(z.array(Id).min(1).max(100))
      .meta({ description: 'Comma-separated ids' }),
  }),
  output: z.strictObject({ items: z.array(Availability) }).meta({ id: 'AvailabilityList' }),
  refusals: [404],
} as const satisfies OperationContract;
