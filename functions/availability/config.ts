import { eventLogUrl, integer, url } from '../../shared/runtime/config.ts';
import { grids } from '../../shared/runtime/grids.ts';
import { admissionSettings } from '../../shared/runtime/settings.ts';

export const settings = {
  DATABASE_URL_PRACTITIONER: url({ schemes: ['postgres', 'postgresql'] }),
  /** Only asked whether a caller's session is live. */
  DATABASE_URL_PATIENT_READER: url({ schemes: ['postgres', 'postgresql'] }),
  REDIS_URL: url({ schemes: ['redis', 'rediss'] }),
  EVENT_LOG_URL: eventLogUrl(),
  ...admissionSettings,
  GRIDS: grids(),
  /** Days of a practitioner that the bitmap holds. */
  AVAILABILITY_DAYS: integer({ default: 92, min: 1, max: 125 }),
};
