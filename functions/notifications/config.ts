import { defaultLadder, parseRungs, type Rung } from '../../shared/domain/reminder.ts';
import { integer, optional, type Setting, text, url } from '../../shared/runtime/config.ts';
import { admissionSettings } from '../../shared/runtime/settings.ts';

const postgres = url({ schemes: ['postgres', 'postgresql'] });

export const settings = {
  DATABASE_URL_NOTIFICATION: postgres,
  DATABASE_URL_PATIENT_READER: postgres,
  DATABASE_URL_PRACTITIONER_READER: postgres,
  DATABASE_URL_LABORATORY_READER: postgres,
  REDIS_URL: url({ schemes: ['redis', 'rediss'] }),
  ...admissionSettings,
  AWS_REGION: text(),
  AWS_ENDPOINT_URL: optional(url()),
  /** An address, or `Name <address>`. */
  EMAIL_FROM: text(),
  SMS_SENDER_ID: optional(text()),
  /** The SNS topic that SES tells of bounces, complaints and deliveries; without it nobody is heard. */
  FEEDBACK_TOPIC_ARN: optional(text()),
  REMINDERS: rungs(defaultLadder.ahead),
  /** In place of REMINDERS for a visit booked on its own day, or less than a day ahead and too late for all of those. */
  REMINDERS_SAME_DAY: rungs(defaultLadder.sameDay),
  /** No reminder is due so soon after its booking was confirmed. */
  REMINDERS_REST_MINUTES: integer({ default: defaultLadder.restMinutes, max: 10_080 }),
};

function rungs(fallback: readonly Rung[]): Setting<readonly Rung[]> {
  return {
    fallback,
    read: (raw) => {
      const value = parseRungs(raw);
      return value ? { value } : { fault: 'is not a list of reminders: give `email:7d sms:2d/1d sms:90m`, or `none`' };
    },
  };
}
