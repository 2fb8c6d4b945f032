/** What went wrong, in terms of the caller. The edge translates a code into a status; nothing else does. */
export type ErrorCode =
  | 'invalid-input'
  | 'unauthenticated'
  | 'forbidden'
  | 'not-found'
  | 'conflict'
  | 'in-progress'
  | 'precondition-failed'
  | 'unprocessable'
  | 'rate-limited'
  | 'unavailable';

/** Members of the problem document that a caller may see: never health data, never contact details. */
export type PublicDetails = Readonly<Record<string, unknown>>;

/** The one error the product throws on purpose. `message` and `details` are public; `cause` goes to the log only. */
export class AppError extends Error {
  readonly code: ErrorCode;
  readonly details: PublicDetails;

  constructor(code: ErrorCode, message: string, details: PublicDetails = {}, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'AppError';
    this.code = code;
    this.details = details;
  }
}
