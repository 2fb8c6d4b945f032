import * as z from 'zod';

import { CalendarDate, Country, Id, Instant } from '../fields.ts';
import { eventContract } from './contract.ts';

export const AvailabilityChanged = eventContract({
  source: '/careflow/availability',
  topic: 'availability-events',
  type: 'careflow.availability.changed.v1',
  summary: 'The free slots of a practitioner on one local day were computed anew.',
  data: z.strictObject({
    practitionerId: Id,
    country: Country,
    date: CalendarDate,
    freeSlots: z.int().nonnegative(),
    nextAvailable: Instant.nullable(),
  }),
});
