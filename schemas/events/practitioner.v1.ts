import * as z from 'zod';

import { CalendarDate, Country, Id, Version } from '../fields.ts';
import { eventContract } from './contract.ts';

const published = { source: '/careflow/practitioner', topic: 'practitioner-events' } as const;

export const PractitionerScheduleChanged = eventContract({
  ...published,
  type: 'careflow.practitioner-schedule.changed.v1',
  summary:
    'Working hours or exceptions of a practitioner changed for the local days from `from` to `to`, both included.',
  data: z.strictObject({
    practitionerId: Id,
    country: Country,
    version: Version,
    from: CalendarDate,
    to: CalendarDate.optional(),
  }),
});
