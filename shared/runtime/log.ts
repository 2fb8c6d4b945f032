import { pino } from 'pino';
import type { DestinationStream, Logger, LoggerOptions } from 'pino';

import { standardOutput } from './standard-output.ts';

export type LogLevel = 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent';
export const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;

/** JSON lines on standard output. What names a person or opens a door is cut out, wherever a caller puts it. */
export function createLog(
  { name, level = 'info' }: { readonly name: string; readonly level?: LogLevel },
  destination: DestinationStream = standardOutput(),
): Logger {
  const options: LoggerOptions = {
    level,
    base: { function: name },
    formatters: { level: (label) => ({ level: label }), log: redactNested },
    serializers: { err: describeError, error: describeError },
    redact: { paths: secret.map((member) => `["${member}"]`), censor: redacted },
  };
  return pino(options, destination);
}

const secret = [
  'authorization',
  'cookie',
  'set-cookie',
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
const isSecret = new Set(secret);
const redacted = '[redacted]';
const deepest = 5;

/** What pino's own wildcard redaction does, at any depth and at a tenth of its cost: it leaves the top level to pino. */
function redactNested(fields: Record<string, unknown>): Record<string, unknown> {
  for (const key in fields) {
    if (holdsMembers(fields[key])) return redactMembers(fields);
  }
  return fields;
}

function redactMembers(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).map(([key, value]) => [key, redactValue(value, deepest)]));
}

function redactValue(value: unknown, depth: number): unknown {
  if (!holdsMembers(value)) return value;
  if (depth === 0) return redacted;
  if (Array.isArray(value)) return value.map((item) => redactValue(item, depth - 1));
  const members = Object.entries(value);
  return Object.fromEntries(
    members.map(([key, it]) => [key, isSecret.has(key) ? redacted : redactValue(it, depth - 1)]),
  );
}

/** Errors are described by their serializer. */
function holdsMembers(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !(value instanceof Error);
}

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
function describeError(error: unknown, depth = 0): ErrorDescription {
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
