import type { JWK } from 'jose';

import { eventLogUrl, integer, optional, type Setting, text, url } from '../../shared/runtime/config.ts';
import { secretKey } from '../../shared/runtime/secret-key.ts';
import { admissionSettings } from '../../shared/runtime/settings.ts';

const postgres = url({ schemes: ['postgres', 'postgresql'] });

export const settings = {
  DATABASE_URL_WORKER: postgres,
  DATABASE_URL_BOOKING: postgres,
  DATABASE_URL_HOMEKIT: postgres,
  DATABASE_URL_LABORATORY: postgres,
  DATABASE_URL_NOTIFICATION: postgres,
  DATABASE_URL_PATIENT: postgres,
  DATABASE_URL_PATIENT_READER: postgres,
  DATABASE_URL_PRACTITIONER: postgres,
  REDIS_URL: url({ schemes: ['redis', 'rediss'] }),
  EVENT_LOG_URL: eventLogUrl(),
  ...admissionSettings,
  AWS_REGION: text(),
  AWS_ENDPOINT_URL: optional(url()),
  /** An address, or `Name <address>`. */
  EMAIL_FROM: text(),
  SMS_SENDER_ID: optional(text()),
  SUBJECT_KEYS_SECRET: secretKey(),
  /** What law keeps of those who were erased is sealed with it; its private half is kept where no function runs. */
  RETENTION_PUBLIC_KEY: publicKey(),
  /** How long an archive can be downloaded. */
  EXPORT_DAYS: integer({ default: 7, min: 1, max: 30 }),
};

function publicKey(): Setting<JWK> {
  return {
    read: (raw) => {
      const value = parseKey(raw);
      return value
        ? { value }
        : { fault: 'is not a public key: give a JWK of type EC on the curve P-256, without `d`' };
    },
  };
}

function parseKey(raw: string): JWK | undefined {
  try {
    const key: unknown = JSON.parse(raw);
    return isPublicKey(key) ? key : undefined;
  } catch {
    return undefined;
  }
}

function isPublicKey(key: unknown): key is JWK {
  if (typeof key !== 'object' || key === null) return false;
  const { kty, crv, x, y, d }: Readonly<Record<string, unknown>> = { ...key };
  return kty === 'EC' && crv === 'P-256' && typeof x === 'string' && typeof y === 'string' && d === undefined;
}
