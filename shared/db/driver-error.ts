import { AppError } from '../errors.ts';

/** PostgreSQL error codes of which a later attempt may be cured (classes 08, 53, 57P and some single ones). */
const PASSING = /^(08...|53...|57P0[1-5]|40001|40P01|57014|25P0[34])$/;

/** Lock not available in time: another transaction is still at it. */
const LOCK_TIMEOUT = '55P03';

const UNREACHABLE = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND', 'EAI_AGAIN', 'ENOENT']);

/** The words of `pg` for a connection that broke or could not be had; these errors carry no code. */
const CONNECTION_LOST = /Connection terminated|timeout exceeded when trying to connect|not queryable|Client was closed/;

/** Names what PostgreSQL or its driver reports and a later attempt may cure; hands anything else on as it is. */
export function nameDriverError(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof AppError) return error;
  const code = codeOf(error);
  if (code === LOCK_TIMEOUT)
    return new AppError('in-progress', 'the same work is still under way', {}, { cause: error });
  if (isPassing(error, code)) return new AppError('unavailable', 'the database does not answer', {}, { cause: error });
  return error;
}

/** The constraint that a write broke (unique 23505, exclusion 23P01), however deep the driver's error lies. */
export function brokenConstraint(error: unknown): string | undefined {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    const code = codeOf(cause);
    if (code !== '23505' && code !== '23P01') continue;
    return 'constraint' in cause && typeof cause.constraint === 'string' ? cause.constraint : undefined;
  }
  return undefined;
}

function isPassing(error: Error, code: string): boolean {
  return PASSING.test(code) || UNREACHABLE.has(code) || CONNECTION_LOST.test(error.message);
}

function codeOf(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : '';
}
