import { eventLogUrl, integer, text, url } from '../../shared/runtime/config.ts';
import { grids } from '../../shared/runtime/grids.ts';

export const settings = {
  DATABASE_URL_PRACTITIONER: url({ schemes: ['postgres', 'postgresql'] }),
  /** Only asked whether a caller's session is live. */
  DATABASE_URL_PATIENT_READER: url({ schemes: ['postgres', 'postgresql'] }),
  REDIS_URL: url({ schemes: ['redis', 'rediss'] }),
  EVENT_LOG_URL: eventLogUrl(),
  OIDC_ISSUER: url(),
  OIDC_JWKS_URL: url(),
  OIDC_AUDIENCE: text({ default: 'careflow' }),
  GRIDS: grids(),
  /** Days of a practitioner that the bitmap holds. */
  AVAILABILITY_DAYS: integer({ default: 92, min: 1, max: 125 }),
  RATE_LIMIT_SUBJECT: integer({ default: 600, min: 1 }),
  RATE_LIMIT_ADDRESS: integer({ default: 60_000, min: 1 }),
};
