import type { ServerResponse } from 'node:http';

import { AppError } from '../errors.ts';
import type { ErrorCode, PublicDetails } from '../errors.ts';
import { httpStatus } from './status.ts';

/** What can be wrong with a request before any operation sees it, beside the errors operations know. */
export type RequestFault =
  | 'request-timeout'
  | 'method-not-allowed'
  | 'payload-too-large'
  | 'uri-too-long'
  | 'unsupported-media-type'
  | 'headers-too-large'
  | 'internal';

export type ProblemCode = ErrorCode | RequestFault;

/** RFC 9457. `code` tells programs what `title` tells people; other members are the error's public details. */
export type Problem = {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly code: ProblemCode;
  readonly detail?: string;
  readonly instance?: string;
  readonly [detail: string]: unknown;
};

export const problemMediaType = 'application/problem+json';

const faultStatus: Readonly<Record<RequestFault, number>> = {
  'request-timeout': 408,
  'method-not-allowed': 405,
  'payload-too-large': 413,
  'uri-too-long': 414,
  'unsupported-media-type': 415,
  'headers-too-large': 431,
  internal: 500,
};

const titles: Readonly<Record<ProblemCode, string>> = {
  'invalid-input': 'The request is not valid',
  unauthenticated: 'A valid access token is needed',
  forbidden: 'This is not allowed',
  'not-found': 'There is no such resource',
  conflict: 'The request conflicts with the current state',
  'in-progress': 'The same request is still under way',
  'precondition-failed': 'The resource has changed meanwhile',
  unprocessable: 'The request cannot be processed',
  'rate-limited': 'Too many requests',
  unavailable: 'The service is not available at the moment',
  'request-timeout': 'The request did not arrive in time',
  'method-not-allowed': 'The resource has no such method',
  'payload-too-large': 'The request body is too large',
  'uri-too-long': 'The address is too long',
  'unsupported-media-type': 'The request body is of a media type or encoding that is not accepted',
  'headers-too-large': 'The request headers are too large',
  internal: 'Something went wrong on our side',
};

/** Throws are answered by what they mean: a fault of the request that is not an operation's to know. */
export class RequestError extends Error {
  readonly code: RequestFault;
  readonly headers: Readonly<Record<string, string>>;

  constructor(code: RequestFault, headers: Readonly<Record<string, string>> = {}) {
    super(titles[code]);
    this.name = 'RequestError';
    this.code = code;
    this.headers = headers;
  }
}

type Particulars = {
  readonly detail?: string | undefined;
  readonly instance?: string;
  readonly details?: PublicDetails | undefined;
};

export function problem(code: ProblemCode, { detail, instance, details }: Particulars = {}): Problem {
  const own = {
    type: `urn:careflow:problem:${code}`,
    title: titles[code],
    status: statusOf(code),
    code,
    ...(detail !== undefined && { detail }),
    ...(instance !== undefined && { instance }),
  };
  // First for the reader's eye, and again so that no detail takes the place of a standard member.
  return { ...own, ...details, ...own };
}

/** Answers for a function that is not open. */
export function answerUnavailable(response: ServerResponse, detail: string): void {
  const body = problem('unavailable', { detail });
  const headers = { 'content-type': problemMediaType, 'retry-after': String(defaultRetrySeconds) };
  response.writeHead(body.status, headers).end(JSON.stringify(body));
}

function statusOf(code: ProblemCode): number {
  return isErrorCode(code) ? httpStatus[code] : faultStatus[code];
}

function isErrorCode(code: ProblemCode): code is ErrorCode {
  return code in httpStatus;
}

/** The errors Fastify answers itself, by what they mean here. Everything it throws besides is a bug of ours. */
const fastifyFaults: Readonly<Record<string, ProblemCode>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'payload-too-large',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'unsupported-media-type',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'invalid-input',
  FST_ERR_BAD_URL: 'invalid-input',
  FST_ERR_MAX_PARAM_LENGTH: 'uri-too-long',
};

/** What a thrown value is to whoever asked. */
export type Explanation = {
  readonly code: ProblemCode;
  readonly detail?: string;
  readonly details?: PublicDetails;
  readonly headers: Readonly<Record<string, string>>;
};

/** Nothing but the words of our own errors gets out. */
export function explain(error: unknown): Explanation {
  if (error instanceof AppError) {
    const { code, message, details } = error;
    return { code, detail: message, details, headers: headersOf(error) };
  }
  if (error instanceof RequestError) return { code: error.code, headers: error.headers };
  const code = error instanceof Error && 'code' in error ? fastifyFaults[String(error.code)] : undefined;
  return { code: code ?? 'internal', headers: {} };
}

const defaultRetrySeconds = 5;

/** The challenge of a 401 (RFC 9110, section 11.6.1; RFC 6750, section 3) and when to come back (section 10.2.3). */
function headersOf({ code, details }: AppError): Readonly<Record<string, string>> {
  if (code === 'unauthenticated') return { 'www-authenticate': challenge(details['reason']) };
  if (code !== 'rate-limited' && code !== 'unavailable') return {};
  const given = details['retryAfterSeconds'];
  const seconds = String(typeof given === 'number' ? Math.max(1, Math.ceil(given)) : defaultRetrySeconds);
  const limits = code === 'rate-limited' && { 'ratelimit-remaining': '0', 'ratelimit-reset': seconds };
  return { 'retry-after': seconds, ...limits };
}

/** Names no error where no token was sent, as RFC 6750 asks. */
function challenge(reason: unknown): string {
  const bearer = 'Bearer realm="careflow"';
  if (typeof reason !== 'string' || reason === 'missing') return bearer;
  return `${bearer}, error="invalid_token", error_description="${reason}"`;
}
