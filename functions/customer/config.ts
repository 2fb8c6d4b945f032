import { eventLogUrl, integer, text, url } from '../../shared/runtime/config.ts';
import { secretKey } from '../../shared/runtime/secret-key.ts';

export const settings = {
  DATABASE_URL_PATIENT: url({ schemes: ['postgres', 'postgresql'] }),
  SUBJECT_KEYS_SECRET: secretKey(),
  REDIS_URL: url({ schemes: ['redis', 'rediss'] }),
  EVENT_LOG_URL: eventLogUrl(),
  OIDC_ISSUER: url(),
  OIDC_JWKS_URL: url(),
  OIDC_AUDIENCE: text({ default: 'careflow' }),
  RATE_LIMIT_SUBJECT: integer({ default: 600, min: 1 }),
  RATE_LIMIT_ADDRESS: integer({ default: 60_000, min: 1 }),
};
