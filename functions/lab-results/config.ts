import { eventLogUrl, integer, oneOf, text, url } from '../../shared/runtime/config.ts';

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
  OIDC_ISSUER: url(),
  OIDC_JWKS_URL: url(),
  OIDC_AUDIENCE: text({ default: 'careflow' }),
  RATE_LIMIT_SUBJECT: integer({ default: 600, min: 1 }),
  RATE_LIMIT_ADDRESS: integer({ default: 60_000, min: 1 }),
};
