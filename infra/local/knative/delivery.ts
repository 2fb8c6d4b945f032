import { type Dispatcher, errors } from 'undici';
import { type Clock, pause } from './clock.ts';
import { type CloudEvent, headersOfEvent } from './cloud-event.ts';
import type { DeliverySpec } from './delivery-spec.ts';

/** An attempt that was not answered 2xx; without a status where nothing was answered. */
export type Failure = {
  status?: number;
  /** The first 1,024 bytes. */
  body: Buffer;
  /** What the answer's `Kne-` headers say. */
  extensions: Record<string, string>;
  reason: string;
  /** No request can be made of it, and none ever will. */
  isUnsendable?: boolean;
};

export type Delivery = {
  dispatcher: Dispatcher;
  url: string;
  spec: DeliverySpec;
  clock: Clock;
  headers?: Record<string, string>;
};

const errorDataBytes = 1024;
const retried = new Set([404, 408, 409, 429]);

/**
 * Posts the event until it is answered 2xx, with the specification's retries and back-off; answers the last failure when they are
 * used up, or the first that is not worth a retry. Rejects with the signal's reason when that aborts before an attempt.
 */
export async function deliver(
  event: CloudEvent,
  delivery: Delivery,
  signal: AbortSignal,
): Promise<Failure | undefined> {
  for (let retry = 0; ; retry += 1) {
    signal.throwIfAborted();
    const failure = await attempt(event, delivery);
    if (!failure || !isRetryable(failure) || retry >= delivery.spec.retry) return failure;
    await pause(delivery.clock, backoffMs(delivery.spec, retry + 1), signal);
  }
}

function isRetryable({ status, isUnsendable = false }: Failure): boolean {
  if (status === undefined) return !isUnsendable;
  return status >= 500 || retried.has(status);
}

/** Without jitter and without a cap. */
export function backoffMs({ backoffPolicy, backoffDelayMs }: DeliverySpec, retry: number): number {
  return backoffPolicy === 'linear' ? backoffDelayMs * retry : backoffDelayMs * 2 ** retry;
}

async function attempt(
  event: CloudEvent,
  { dispatcher, url, spec, clock, headers }: Delivery,
): Promise<Failure | undefined> {
  const over = new AbortController();
  const cancel = clock.after(spec.timeoutMs, () => over.abort(new Error(`no answer in ${spec.timeoutMs} ms`)));
  try {
    const { origin, pathname, search } = new URL(url);
    return await readAnswer(
      await dispatcher.request({
        origin,
        path: `${pathname}${search}`,
        method: 'POST',
        headers: { ...headersOfEvent(event), ...headers },
        body: event.data,
        signal: over.signal,
        headersTimeout: 0,
        bodyTimeout: 0,
      }),
    );
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const isUnsendable = error instanceof errors.InvalidArgumentError;
    return { body: Buffer.alloc(0), extensions: {}, reason, isUnsendable };
  } finally {
    cancel();
  }
}

async function readAnswer({ statusCode, headers, body }: Dispatcher.ResponseData): Promise<Failure | undefined> {
  if (statusCode < 300) {
    await body.dump();
    return undefined;
  }
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of body) {
    chunks.push(Buffer.from(chunk));
    length += chunks.at(-1)?.length ?? 0;
    if (length >= errorDataBytes) break;
  }
  const extensions = Object.entries(headers).flatMap(([name, value]) =>
    name.startsWith('kne-') && typeof value === 'string' ? [[name.slice(4), value]] : [],
  );
  return {
    status: statusCode,
    body: Buffer.concat(chunks).subarray(0, errorDataBytes),
    extensions: Object.fromEntries(extensions),
    reason: `status ${statusCode}`,
  };
}

/** The event as the dead letter sink gets it: where it failed, with which status, and the answer's beginning as base64. */
export function deadLetterOf(event: CloudEvent, url: string, { status, body, extensions }: Failure): CloudEvent {
  const told =
    status === undefined
      ? {}
      : { knativeerrorcode: String(status), ...extensions, knativeerrordata: body.toString('base64') };
  return { ...event, attributes: { ...event.attributes, knativeerrordest: url, ...told } };
}
