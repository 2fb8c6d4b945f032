import type { DoubtReason } from '../domain/notification.ts';
import { AppError } from '../errors.ts';

export type AwsOptions = {
  readonly region: string;
  /** Instead of the region's own endpoint, such as the local mailbox. */
  readonly endpoint?: string | undefined;
  /** Instead of what the SDK finds by itself. */
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string } | undefined;
  /** How long the provider may take to answer; 10 seconds unless given. */
  readonly timeoutMs?: number | undefined;
};

/**
 * What every client is made with. One attempt: a repeated one could send twice what was sent already, so only a
 * redelivery, which is counted, repeats.
 */
export function clientSettings({ region, endpoint, credentials, timeoutMs = 10_000 }: AwsOptions) {
  return {
    region,
    maxAttempts: 1,
    requestHandler: { connectionTimeout: 3000, requestTimeout: timeoutMs, throwOnRequestTimeout: true },
    ...(endpoint !== undefined && { endpoint }),
    ...(credentials !== undefined && { credentials }),
  };
}

/** Why a provider will never take a message. */
export type RefusalReason = 'message-rejected' | 'invalid-address' | 'opted-out' | 'endpoint-disabled';

/** What speaks against the message itself. All else is a matter of the account, its rights or the hour: it is tried again. */
const reasons: Readonly<Record<string, RefusalReason>> = {
  MessageRejected: 'message-rejected',
  InvalidParameterValue: 'invalid-address',
  InvalidParameterValueException: 'invalid-address',
  InvalidParameterException: 'invalid-address',
  OptedOutException: 'opted-out',
  EndpointDisabledException: 'endpoint-disabled',
  // Only an endpoint is named by something that can be missing.
  NotFoundException: 'endpoint-disabled',
};

/** How SNS says that an endpoint was deleted: by a parameter that is as wrong as one without any sense. */
const NO_ENDPOINT = /no endpoint found/i;

/**
 * Names what a client threw: `unavailable` where another attempt may succeed, with the reason `no-answer` where the message
 * may have been taken all the same; else `unprocessable` with a reason. The provider's own words may hold the recipient's address, so neither message nor cause carries them.
 */
export function nameProviderError(provider: 'ses' | 'sns', error: unknown): AppError {
  const name = error instanceof Error ? error.name : 'Unknown';
  const status = statusOf(error);
  const details = { dependency: provider, providerCode: name };
  const reason = status !== undefined && status < 500 ? reasonOf(name, error) : undefined;
  if (reason === undefined) {
    const doubt: { reason?: DoubtReason } = status === undefined && !isUnsent(error) ? { reason: 'no-answer' } : {};
    const unavailable = 'The message provider does not take messages at the moment.';
    return new AppError('unavailable', unavailable, { ...details, ...doubt });
  }
  return new AppError('unprocessable', 'The message provider refuses this message.', { ...details, reason });
}

function reasonOf(name: string, error: unknown): RefusalReason | undefined {
  const isDeleted = error instanceof Error && NO_ENDPOINT.test(error.message);
  return isDeleted && name === 'InvalidParameterException' ? 'endpoint-disabled' : reasons[name];
}

/** What fails before a byte of the message is sent. */
const BEFORE_SENDING = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'CredentialsProviderError',
]);

function isUnsent(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return BEFORE_SENDING.has(error.name) || ('code' in error && BEFORE_SENDING.has(String(error.code)));
}

function statusOf(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('$metadata' in error)) return undefined;
  const metadata = error.$metadata;
  if (typeof metadata !== 'object' || metadata === null || !('httpStatusCode' in metadata)) return undefined;
  return typeof metadata.httpStatusCode === 'number' ? metadata.httpStatusCode : undefined;
}
