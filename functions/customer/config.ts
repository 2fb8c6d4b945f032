import { eventLogUrl, url } from '../../shared/runtime/config.ts';
import { secretKey } from '../../shared/runtime/secret-key.ts';
import { admissionSettings } from '../../shared/runtime/settings.ts';

export const settings = {
  DATABASE_URL_PATIENT: url({ schemes: ['postgres', 'postgresql'] }),
  SUBJECT_KEYS_SECRET: secretKey(),
  REDIS_URL: url({ schemes: ['redis', 'rediss'] }),
  EVENT_LOG_URL: eventLogUrl(),
  ...admissionSettings,
};
