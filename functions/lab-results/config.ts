import { eventLogUrl, oneOf, url } from '../../shared/runtime/config.ts';
import { admissionSettings } from '../../shared/runtime/settings.ts';

const postgres = url({ schemes: ['postgres', 'postgresql'] });

export const settings = {
  DATABASE_URL_LABORATORY: postgres,
  DATABASE_URL_PATIENT_READER: postgres,
  DATABASE_URL_PRACTITIONER_READER: postgres,
  DATABASE_URL_HOMEKIT_READER: postgres,
  REDIS_URL: url({ schemes: ['redis', 'rediss'] }),
  EVENT_LOG_URL: eventLogUrl(),
  /** HL7 table 0103: production, training, debugging. What is taken is applied, whatever it is for. */
  PROCESSING_IDS: oneOf(['P', 'T', 'D', 'P,T', 'P,D', 'T,D', 'P,T,D'], { default: 'P' }),
  ...admissionSettings,
};
