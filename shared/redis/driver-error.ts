import { AppError } from '../errors.ts';

/** Replies of a server that a later attempt may find in a better state. */
const PASSING_REPLY = /^(LOADING|BUSY|READONLY|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|NOREPLICAS|MISCONF|OOM)\b/;

/** The words of `ioredis` for a connection that is lost or not there yet, and for an answer that did not come in time. */
const UNANSWERED =
  /^(Connection is closed|Stream isn't writeable|Command timed out|Reached the max retries|Socket timeout)/;

const UNREACHABLE = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND', 'EAI_AGAIN', 'ENOENT']);

/** Names what Redis or its driver reports and a later attempt may cure; hands anything else on as it is. */
export function nameDriverError(error: Error): Error {
  if (error instanceof AppError || !isPassing(error)) return error;
  return new AppError('unavailable', 'the cache does not answer', {}, { cause: error });
}

function isPassing(error: Error): boolean {
  if ('code' in error && typeof error.code === 'string' && UNREACHABLE.has(error.code)) return true;
  return PASSING_REPLY.test(error.message) || UNANSWERED.test(error.message);
}
