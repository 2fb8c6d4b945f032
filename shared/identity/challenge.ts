import { AppError } from '../errors.ts';

export type RefusalReason =
  | 'missing'
  | 'malformed'
  | 'expired'
  | 'not-yet-valid'
  | 'wrong-claims'
  | 'not-verified'
  | 'no-session'
  | 'session-over';

/** An access token that is not there, or not to be trusted; `reason` is public. */
export function unauthenticated(reason: RefusalReason): AppError {
  const message = reason === 'missing' ? 'This needs an access token.' : 'The access token is not valid.';
  return new AppError('unauthenticated', message, { reason });
}
