import { z } from 'zod';

const reference = z.strictObject({
  apiVersion: z.string(),
  kind: z.enum(['Service', 'KafkaSink']),
  name: z.string().min(1),
  namespace: z.string().optional(),
});

/** Where events go: an object's address, a URI, or a path below an object's address. */
export const destination = z
  .strictObject({ ref: reference.optional(), uri: z.string().optional() })
  .refine(({ ref, uri }) => ref !== undefined || URL.canParse(uri ?? ''), 'needs a ref or an absolute uri')
  .refine(({ ref, uri }) => ref === undefined || !URL.canParse(uri ?? ''), 'a uri beside a ref is a path');

/** An ISO 8601 duration of a fixed length, as milliseconds. */
const durationMs = z.string().transform((text, context) => {
  try {
    return Temporal.Duration.from(text).total('milliseconds');
  } catch {
    context.addIssue('is no ISO 8601 duration of a fixed length');
    return z.NEVER;
  }
});

const defaultTimeoutMs = 600_000;

export const deliverySpec = z
  .strictObject({
    deadLetterSink: destination.optional(),
    retry: z.int().min(0).default(0),
    timeout: durationMs.refine((length) => length > 0, 'is above zero').optional(),
    backoffPolicy: z.enum(['exponential', 'linear']).default('exponential'),
    backoffDelay: durationMs.optional(),
  })
  .refine(({ retry, backoffDelay }) => retry === 0 || backoffDelay !== undefined, 'retry needs a backoffDelay')
  .transform(({ timeout = defaultTimeoutMs, backoffDelay = 0, ...rest }) => ({
    ...rest,
    timeoutMs: timeout,
    backoffDelayMs: backoffDelay,
  }));

export type Destination = z.infer<typeof destination>;
export type DeliverySpec = z.infer<typeof deliverySpec>;

/** What a KafkaSource without a `delivery` gets: ten retries and no dead letters. */
export const defaultDelivery: DeliverySpec = {
  deadLetterSink: undefined,
  retry: 10,
  timeoutMs: defaultTimeoutMs,
  backoffPolicy: 'exponential',
  backoffDelayMs: 300,
};
