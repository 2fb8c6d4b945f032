import { eventLogUrl, integer, url } from '../../shared/runtime/config.ts';
import { grids } from '../../shared/runtime/grids.ts';
import { admissionSettings } from '../../shared/runtime/settings.ts';

export const settings = {
  DATABASE_URL_BOOKING: url({ schemes: ['postgres', 'postgresql'] }),
  DATABASE_URL_PRACTITIONER_READER: url({ schemes: ['postgres', 'postgresql'] }),
  DATABASE_URL_PATIENT_READER: url({ schemes: ['postgres', 'postgresql'] }),
  REDIS_URL: url({ schemes: ['redis', 'rediss'] }),
  EVENT_LOG_URL: eventLogUrl(),
  ...admissionSettings,
  GRIDS: grids(),
  AVAILABILITY_DAYS: integer({ default: 92, min: 1, max: 125 }),
  HOLD_MINUTES: integer({ default: 10, min: 1, max: 60 }),
  /** How long what other contexts publish is believed. */
  LOOKUP_KEEP_MS: integer({ default: 5_000, min: 1, max: 60_000 }),
};
