import { integer, oneOf, readConfig, text, url } from './config.ts';
import type { DrainOptions } from './drain.ts';
import type { Environment } from './function.ts';
import { createLog, logLevels } from './log.ts';
import type { ServerOptions } from './server.ts';

export type RuntimeSettings = Pick<ServerOptions, 'log' | 'requestTimeoutMs'> &
  DrainOptions & { readonly port: number };

export const settings = {
  PORT: integer({ default: 8080, max: 65_535 }),
  LOG_LEVEL: oneOf(logLevels, { default: 'info' }),
  REQUEST_TIMEOUT_MS: integer({ default: 30_000, min: 1 }),
  DRAIN_DELAY_MS: integer({ default: 5000 }),
  DRAIN_DEADLINE_MS: integer({ default: 30_000, min: 1 }),
};

/** What a function with operations reads besides: whose tokens it believes, and how often anybody may call. */
export const admissionSettings = {
  OIDC_ISSUER: url(),
  OIDC_JWKS_URL: url(),
  OIDC_AUDIENCE: text({ default: 'careflow' }),
  RATE_LIMIT_SUBJECT: integer({ default: 600, min: 1 }),
  RATE_LIMIT_ADDRESS: integer({ default: 60_000, min: 1 }),
};

/** What every function reads of its environment, whichever door it is behind. */
export function readSettings(name: string, environment: Environment): RuntimeSettings {
  const config = readConfig(environment, settings);
  return {
    log: createLog({ name, level: config.LOG_LEVEL }),
    port: config.PORT,
    requestTimeoutMs: config.REQUEST_TIMEOUT_MS,
    drainDelayMs: config.DRAIN_DELAY_MS,
    drainDeadlineMs: config.DRAIN_DEADLINE_MS,
  };
}
