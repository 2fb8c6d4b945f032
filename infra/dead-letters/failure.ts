import { z } from 'zod';

/** Why an event was given up. */
export type Failure = {
  /** The address that refused it. */
  readonly destination: string | undefined;
  /** The last answer's status; without one nobody answered. */
  readonly status: number | undefined;
  /** In a word, as our functions say it; nothing where somebody else answered. */
  readonly reason: string | undefined;
  /** JSON Pointers to what breaks the contract. */
  readonly paths: readonly string[];
  /** The beginning of the answer's body, which may hold anything. */
  readonly body: string;
};

/** What a function answers to an event it does not take; it holds no value of the event. */
const Refusal = z.object({ reason: z.string().max(100), paths: z.array(z.string().max(500)).default([]) });

/** From the extensions that a failed delivery adds (Knative Eventing, dead letter sink). */
export function failureOf({
  knativeerrordest: destination,
  knativeerrorcode: code,
  knativeerrordata: data,
}: Readonly<Record<string, string>>): Failure {
  const body = decode(data ?? '');
  const { reason, paths = [] } = readRefusal(body) ?? {};
  return { destination, status: code === undefined ? undefined : Number(code), reason, paths, body };
}

/** One line: `422 invalid-data /data/slotStart`. */
export function describeFailure({ status, reason, paths, body }: Failure): string {
  const told = reason ?? (body === '' ? 'no reason given' : `an answer of ${body.length} characters`);
  return [status ?? 'no answer', ...(status === undefined ? [] : [told]), ...paths].join(' ');
}

function readRefusal(body: string): z.infer<typeof Refusal> | undefined {
  try {
    return Refusal.safeParse(JSON.parse(body)).data;
  } catch {
    return undefined;
  }
}

/** Base64, as Eventing writes it; a sink in between may have decoded it. */
function decode(data: string): string {
  const isBase64 = data.length % 4 === 0 && /^[A-Za-z0-9+/]+={0,2}$/.test(data);
  return isBase64 ? Buffer.from(data, 'base64').toString() : data;
}
