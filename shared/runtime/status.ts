import type { ErrorCode } from '../errors.ts';

/** What a client is answered. */
export const httpStatus: Readonly<Record<ErrorCode, number>> = {
  'invalid-input': 400,
  unauthenticated: 401,
  forbidden: 403,
  'not-found': 404,
  conflict: 409,
  'in-progress': 409,
  'precondition-failed': 412,
  unprocessable: 422,
  'rate-limited': 429,
  unavailable: 503,
};

/**
 * What the sender of an event is answered. Knative redelivers on 404, 408, 409, 429 and 5xx and sends every other
 * refusal to the dead letters at once: so what no redelivery cures is 422 here, whatever it is over HTTP.
 */
export const eventStatus: Readonly<Record<ErrorCode, number>> = {
  'invalid-input': 422,
  unauthenticated: 422,
  forbidden: 422,
  'not-found': 422,
  conflict: 422,
  'in-progress': 409,
  'precondition-failed': 422,
  unprocessable: 422,
  'rate-limited': 429,
  unavailable: 503,
};

/** Whether Knative delivers an event again after this answer (Eventing's delivery specification). */
export function isRedelivered(status: number): boolean {
  return status >= 500 || status === 404 || status === 408 || status === 409 || status === 429;
}
