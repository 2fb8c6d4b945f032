import { AppError } from '../errors.ts';

/** What came of handing a message to a provider. */
export type Attempt =
  | { readonly status: 'sent'; readonly providerMessageId: string }
  | { readonly status: 'failed' | 'refused'; readonly errorCode: string; readonly error: unknown };

/** Sends, and names what a provider answers: `failed` where a later attempt may succeed, `refused` where none will. */
export async function attempt(send: () => Promise<{ providerMessageId: string }>): Promise<Attempt> {
  try {
    return { status: 'sent', ...(await send()) };
  } catch (error) {
    return { status: isFinal(error) ? 'refused' : 'failed', errorCode: codeOf(error), error };
  }
}

/** Anything not said on purpose is a bug, which a later version of this may not have. */
function isFinal(error: unknown): boolean {
  return error instanceof AppError && !['unavailable', 'rate-limited', 'in-progress'].includes(error.code);
}

function codeOf(error: unknown): string {
  if (!(error instanceof AppError)) return 'unexpected';
  const { reason } = error.details;
  return typeof reason === 'string' ? reason : error.code;
}
