import { DrizzleQueryError } from 'drizzle-orm';

import { AppError } from '../errors.ts';

/**
 * PostgreSQL error codes of which a later attempt may be cured: classes 08 (connection), 28 (credentials that are being
 * changed), 53 (resources), 57P (shutdown and start) and some single ones, 25006 of a server that lost its lead among them.
 */
const PASSING = /^(08...|28...|53...|57P0[1-5]|40001|40P01|57014|25006|25P0[34])$/;

/** Those after which PostgreSQL closes the connection. */
const CLOSING = /^(08...|57P0[1-5]|25P0[34])$/;

/** Lock not available in time: another transaction is still at it. */
const LOCK_TIMEOUT = '55P03';

const UNREACHABLE = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND', 'EAI_AGAIN', 'ENOENT']);

/** The words of `pg` for a connection that broke or could not be had; these errors carry no code. */
const CONNECTION_LOST =
  /Connection terminated|timeout exceeded when trying to connect|timeout expired|Query read timeout|not queryable|Client was closed/;

/** Names what PostgreSQL or its driver reports and a later attempt may cure; hands anything else on as it is. */
export function nameDriverError(error: unknown): unknown {
  if (error instanceof AppError) return error;
  for (const cause of causesOf(error)) {
    const code = codeOf(cause);
    if (code === LOCK_TIMEOUT) return new AppError('in-progress', 'the same work is still under way', {}, { cause });
    if (isPassing(cause, code)) return new AppError('unavailable', 'the database does not answer', {}, { cause });
  }
  return error;
}

/** Whether nothing more comes of the connection that the error came from, though the driver may not have seen it end yet. */
export function endsConnection(error: unknown): boolean {
  return causesOf(error).some((cause) => CLOSING.test(codeOf(cause)) || isLost(cause));
}

/** The constraint that a write broke (unique 23505, exclusion 23P01), however deep the driver's error lies. */
export function brokenConstraint(error: unknown): string | undefined {
  const broken = causesOf(error).find((cause) => ['23505', '23P01'].includes(codeOf(cause)));
  return broken && 'constraint' in broken && typeof broken.constraint === 'string' ? broken.constraint : undefined;
}

/** The driver's error and what it wraps. Drizzle's own, around it, repeats the query's parameters: anybody's words. */
function causesOf(error: unknown): Error[] {
  if (!(error instanceof Error)) return [];
  return error instanceof DrizzleQueryError ? causesOf(error.cause) : [error, ...causesOf(error.cause)];
}

function isPassing(error: Error, code: string): boolean {
  return PASSING.test(code) || isLost(error);
}

function isLost(error: Error): boolean {
  return UNREACHABLE.has(codeOf(error)) || CONNECTION_LOST.test(error.message);
}

function codeOf(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : '';
}
