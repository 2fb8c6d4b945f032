import { eventLogUrl, url } from '../../shared/runtime/config.ts';
import { admissionSettings } from '../../shared/runtime/settings.ts';

const postgres = url({ schemes: ['postgres', 'postgresql'] });

export const settings = {
  DATABASE_URL_HOMEKIT: postgres,
  DATABASE_URL_PATIENT_READER: postgres,
  REDIS_URL: url({ schemes: ['redis', 'rediss'] }),
  EVENT_LOG_URL: eventLogUrl(),
  ...admissionSettings,
};
