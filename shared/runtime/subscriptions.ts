import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';

import type { EventOf, EventContract } from '../../schemas/events/contract.ts';
import { AppError } from '../errors.ts';
import type { ErrorCode } from '../errors.ts';
import { EventRefused, readMessage } from './cloud-event.ts';
import type { Envelope, Refusal } from './cloud-event.ts';
import type { CareflowFunction, EventContext, Subscription } from './function.ts';
import { faultsOf } from './input.ts';
import { spanLog } from './log.ts';
import { problemMediaType } from './problem.ts';
import { headerOf } from './request.ts';
import { eventStatus, isRedelivered } from './status.ts';
import { startSpan } from './trace-context.ts';

/** KafkaSource's type for a record that is no CloudEvent, or only half of one. */
const foreignRecordType = 'dev.knative.kafka.event';

/** Why an event was not done, in the words of a program: Knative keeps it as a dead letter's `knativeerrordata`. */
type Refused = {
  readonly status: number;
  readonly reason: Refusal | ErrorCode | 'internal';
  readonly paths: readonly string[];
};

const refusalStatus: Readonly<Record<Refusal, number>> = {
  'not-an-event': 400,
  'not-json': 400,
  'invalid-attribute': 400,
  tombstone: 422,
  'foreign-record': 422,
  'unknown-type': 422,
  'wrong-source': 422,
  'invalid-data': 422,
};

/**
 * Takes events at `POST /events`, and at `POST /` for sinks that name no path. There is no caller to check: these
 * functions are reached from inside the cluster only (`networking.knative.dev/visibility: cluster-local`). Where
 * Eventing is set up to send OIDC tokens, an `onRequest` hook on this scope is the place to verify them.
 */
export function registerSubscriptions(
  app: FastifyInstance,
  fn: CareflowFunction,
  bodyLimit: number,
  log: Logger,
): void {
  const byType = new Map(fn.subscriptions.map((subscription) => [subscription.contract.type, subscription]));
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'string', bodyLimit }, (_request, body, done) => done(null, body));
  const handler = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const refused = await takeMessage(request, reply, byType, log);
    return refused ? refuse(reply, refused) : reply.code(204).send();
  };
  for (const url of ['/events', '/']) app.route({ method: 'POST', url, bodyLimit, handler });
}

/**
 * Takes the events of a message one after the other, for the order of a key's events is a promise. Where one needs a
 * redelivery the rest waits for it; one that no redelivery cures lets the others pass.
 */
async function takeMessage(
  request: FastifyRequest,
  reply: FastifyReply,
  subscriptions: ReadonlyMap<string, Subscription>,
  log: Logger,
): Promise<Refused | undefined> {
  let worst: Refused | undefined;
  try {
    for (const readEvent of readMessage(request.headers, typeof request.body === 'string' ? request.body : '')) {
      const refused = await takeEvent(request, reply, readEvent, subscriptions, log);
      if (refused && isRedelivered(refused.status)) return refused;
      worst ??= refused;
    }
    return worst;
  } catch (error) {
    return explain(error, log);
  }
}

async function takeEvent(
  request: FastifyRequest,
  reply: FastifyReply,
  readEvent: () => Envelope,
  subscriptions: ReadonlyMap<string, Subscription>,
  log: Logger,
): Promise<Refused | undefined> {
  try {
    const envelope = readEvent();
    const span = startSpan(envelope.traceparent ?? headerOf(request, 'traceparent'));
    request.received.span = span;
    reply.header('traceparent', span.traceparent);
    const { contract, handler } = subscriptionTo(envelope, subscriptions);
    request.received.logged = { eventType: contract.type, eventId: envelope.id };
    const context: EventContext = {
      traceparent: span.traceparent,
      get log() {
        return spanLog(log, span);
      },
    };
    await handler(checkData(envelope, contract), context);
    return undefined;
  } catch (error) {
    return explain(error, spanLog(log, request.received.span));
  }
}

function subscriptionTo(event: Envelope, subscriptions: ReadonlyMap<string, Subscription>): Subscription {
  if (event.data === undefined) throw new EventRefused('tombstone');
  if (event.type === foreignRecordType) throw new EventRefused('foreign-record');
  const subscription = subscriptions.get(event.type);
  if (!subscription) throw new EventRefused('unknown-type');
  const { source } = subscription.contract;
  if (source !== undefined && event.source !== source) throw new EventRefused('wrong-source');
  return subscription;
}

function checkData(event: Envelope, { data }: EventContract): EventOf<EventContract> {
  const checked = data.safeParse(event.data);
  if (checked.success) return { ...event, data: checked.data };
  const paths = faultsOf(data, checked.error).map(({ path }) => `/data${path}`);
  throw new EventRefused('invalid-data', [...new Set(paths)]);
}

function explain(error: unknown, log: Logger): Refused {
  if (error instanceof EventRefused) {
    return { status: refusalStatus[error.reason], reason: error.reason, paths: error.paths };
  }
  if (error instanceof AppError) {
    if (error.code === 'unavailable') log.warn({ err: error }, 'a dependency is not available');
    return { status: eventStatus[error.code], reason: error.code, paths: [] };
  }
  log.error({ err: error }, 'an event handler failed');
  return { status: 500, reason: 'internal', paths: [] };
}

function refuse(reply: FastifyReply, { status, reason, paths }: Refused): FastifyReply {
  reply.request.received.logged = { ...reply.request.received.logged, reason };
  if (status === 429 || status === 503) reply.header('retry-after', '5');
  const body = { type: `urn:careflow:refusal:${reason}`, title: 'The event was not taken', status, reason };
  return reply
    .code(status)
    .type(problemMediaType)
    .send(JSON.stringify(paths.length > 0 ? { ...body, paths: paths.slice(0, 10) } : body));
}
