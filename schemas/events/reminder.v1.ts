import * as z from 'zod';

import { Country, Id, Instant, Version } from '../fields.ts';
import { eventContract } from './contract.ts';

export const ReminderTriggered = eventContract({
  source: '/careflow/cron',
  topic: 'reminder-events',
  type: 'careflow.reminder.triggered.v1',
  summary: 'A reminder of a booking has come due.',
  data: z.strictObject({
    reminderId: Id,
    country: Country,
    patientId: Id,
    bookingId: Id,
    bookingVersion: Version,
    dueAt: Instant,
  }),
});
