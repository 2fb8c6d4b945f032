import { pino } from 'pino';
import type { DestinationStream, Logger, LoggerOptions } from 'pino';

import type { Span } from './trace-context.ts';

export type LogLevel = 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent';
export const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;

/** Lines wait for this many bytes, or for a second, before they are written together. */
const bufferBytes = 4096;

/** JSON lines on standard output. What names a person or opens a door is cut out, wherever a caller puts it. */
export function createLog(
  { name, level = 'info' }: { readonly name: string; readonly level?: LogLevel },
  destination: DestinationStream = pino.destination({
    dest: 1,
    sync: false,
    minLength: bufferBytes,
    periodicFlush: 1000,
  }),
): Logger {
  const options: LoggerOptions = {
    level,
    base: { function: name },
    formatters: { level: (label) => ({ level: label }) },
    timestamp: pino.stdTimeFunctions.isoTime,
    serializers: { err: describeError, error: describeError },
    redact: { paths: [...secret, ...secret.map((member) => `*.${member}`)], censor: '[redacted]' },
  };
  return pino(options, destination);
}

/** The log of one span. */
export function spanLog(log: Logger, { traceId, spanId }: Span): Logger {
  return log.child({ traceId, spanId });
}

const secret = [
  'authorization',
  'cookie',
  '["set-cookie"]',
  'token',
  'password',
  'secret',
  'name',
  'givenName',
  'familyName',
  'displayName',
  'email',
  'phone',
  'address',
  'birthDate',
];

type ErrorDescription = {
  readonly type: string;
  readonly code?: string;
  readonly message?: string;
  readonly stack?: string;
  readonly cause?: ErrorDescription;
};

const deepestCause = 5;

/**
 * What of an error may be kept. Drivers and parsers put what they were given into their messages and members (a
 * query's parameters, the row that broke a constraint, the text that is no JSON), so those are left out.
 */
export function describeError(error: unknown, depth = 0): ErrorDescription {
  if (!(error instanceof Error)) return { type: typeof error };
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  return {
    type: error.name,
    ...(code !== undefined && { code }),
    ...(quotesInput(error, code) ? {} : { message: error.message }),
    stack: framesOf(error),
    ...(error.cause !== undefined && depth < deepestCause && { cause: describeError(error.cause, depth + 1) }),
  };
}

function quotesInput(error: Error, code: string | undefined): boolean {
  const fromDatabase = 'severity' in error;
  // SQLSTATE class 22, data exceptions, quote the value they could not take.
  return error instanceof SyntaxError || 'params' in error || (fromDatabase && code?.startsWith('22') === true);
}

/** The stack without its head, which repeats the message. */
function framesOf(error: Error): string {
  const frames = error.stack?.split('\n').filter((line) => /^\s+at /.test(line)) ?? [];
  return frames.map((frame) => frame.trim()).join('\n');
}
