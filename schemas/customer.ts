import * as z from 'zod';

import { CalendarDate } from './fields.ts';

/** What people write in a name: no control characters, and something to see. */
const Name = z
  .string()
  .max(100)
  .regex(/^(?=.*\S)[^\p{Cc}\p{Cs}]+$/u);

const TimeZone = z
  .string()
  .max(64)
  .refine(isTimeZone, 'Is no time zone of the IANA database')
  .meta({ id: 'TimeZone', description: 'IANA time zone name', example: 'Europe/Paris' });

/** All of a profile, as it is written over HTTP and sealed in events. */
export const Profile = z.strictObject({
  givenName: Name,
  familyName: Name,
  birthDate: CalendarDate,
  sex: z.enum(['female', 'male', 'other', 'unknown']),
  timeZone: TimeZone,
  email: z.email().max(320).optional(),
  phone: z
    .string()
    .regex(/^\+[1-9]\d{6,14}$/)
    .optional()
    .meta({ description: 'ITU-T E.164' }),
  pushEndpoint: z
    .string()
    .max(512)
    .regex(/^arn:aws[\w-]*:sns:[\w:/.-]+$/)
    .optional()
    .meta({ description: 'ARN of the SNS platform endpoint of a phone' }),
});

const LocalTime = z
  .string()
  .regex(/^(?:[01]\d|2[0-3]):[0-5]\d$/)
  .meta({ id: 'LocalTime', description: 'Hour and minute on the wall clock', example: '22:00' });

const Category = z.enum(['booking', 'reminder', 'result', 'critical', 'device', 'order', 'account']);
const Channel = z.enum(['email', 'sms', 'push']);

/** All of somebody's preferences, as they are written over HTTP and sealed in events. */
export const Preferences = z.strictObject({
  language: z.enum(['fr', 'de', 'en']),
  channels: z.partialRecord(Category, z.partialRecord(Channel, z.boolean())).meta({
    description:
      'By kind of message, which channels are wanted; what is not said is. True for a critical message says too that it ' +
      'may come in quiet hours',
  }),
  quietHours: z
    .strictObject({ from: LocalTime, to: LocalTime })
    .optional()
    .meta({ description: "In the profile's time zone; a span may reach over midnight" }),
});

function isTimeZone(name: string): boolean {
  try {
    return Temporal.Now.instant().toZonedDateTimeISO(name).timeZoneId !== '' && !/^[+-]/.test(name);
  } catch {
    return false;
  }
}
