import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';

import type { EventOf, EventContract } from '../../schemas/events/contract.ts';
import { AppError } from '../errors.ts';
import { EventRefused, foreignRecordType, readMessage } from './cloud-event.ts';
import type { Envelope, Refusal } from './cloud-event.ts';
import { EventHandling, spanLog } from './context.ts';
import type { CareflowFunction, Subscription } from './function.ts';
import { faultsOf } from './input.ts';
import { explain, problem, problemMediaType } from './problem.ts';
import type { ProblemCode } from './problem.ts';
import { headerOf, mustBePlain } from './request.ts';
import { eventStatus, isRedelivered } from './status.ts';
import { startSpan } from './trace-context.ts';

/** Why an event was not taken, in the words of a program: Knative keeps it as a dead letter's `knativeerrordata`. */
type Answer = { readonly status: number; readonly reason: Refusal | ProblemCode; readonly paths: readonly string[] };

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
 * Where events come from: the Service's name inside the cluster, or this machine. A cluster's outer gateway has no route
 * for such a name, so a function that is also public takes no event from outside.
 */
const innerHost = /^(localhost|127\.0\.0\.1|\[::1\]|[a-z\d.-]+\.svc(\.cluster\.local)?)(:\d+)?$/;

/**
 * Takes events at `POST /events`, and at `POST /` for sinks that name no path; 404 from outside the cluster. There is no
 * other caller to check. Where Eventing is set up to send OIDC tokens, the `onRequest` hook is the place to verify them.
 */
export function registerSubscriptions(
  app: FastifyInstance,
  fn: CareflowFunction,
  bodyLimit: number,
  log: Logger,
): void {
  const byType = new Map(fn.subscriptions.map((subscription) => [subscription.contract.type, subscription]));
  app.removeAllContentTypeParsers();
  // The catch-all alone would do; Fastify looks up those it knows by name at less cost.
  for (const mediaType of ['application/json', 'application/cloudevents+json', '*']) {
    app.addContentTypeParser(mediaType, { parseAs: 'buffer', bodyLimit }, ({ headers }, body, done) => {
      mustBePlain(headers);
      done(null, body);
    });
  }
  app.setErrorHandler((error, request, reply) => refuse(error, request, reply, log));
  app.addHook('onRequest', ({ headers }, reply, done) => {
    // Bytes that nobody here reads as what they are said to be: only who takes them knows their media type and character set.
    if (headers['ce-type'] === foreignRecordType) delete headers['content-type'];
    if (innerHost.test(headers.host ?? '')) done();
    else reply.callNotFound();
  });
  const handler = async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    await takeMessage(request, (envelope) => takeEvent(envelope, byType, request, reply, log));
    reply.code(204).send();
  };
  for (const url of ['/events', '/']) app.route({ method: 'POST', url, bodyLimit, handler });
}

/**
 * Takes the events of a message one after the other, for the order of a key's events is a promise. Where one needs a
 * redelivery the rest waits for it; one that no redelivery cures lets the others pass.
 */
async function takeMessage(request: FastifyRequest, take: (event: Envelope) => Promise<void>): Promise<void> {
  let refused: unknown;
  const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
  for (const read of readMessage(request.headers, body)) {
    try {
      await take(read());
    } catch (error) {
      if (isRedelivered(answerTo(error).status)) throw error;
      refused ??= error;
    }
  }
  if (refused !== undefined) throw refused;
}

async function takeEvent(
  event: Envelope,
  subscriptions: ReadonlyMap<string, Subscription>,
  request: FastifyRequest,
  reply: FastifyReply,
  log: Logger,
): Promise<void> {
  const span = startSpan(event.traceparent ?? headerOf(request, 'traceparent'));
  request.received.span = span;
  reply.header('traceparent', span.traceparent);
  const { contract, handler } = subscriptionTo(event, subscriptions);
  request.received.logged = { eventType: contract.type, eventId: event.id };
  await handler(checkData(event, contract), new EventHandling(span, log));
}

function subscriptionTo(event: Envelope, subscriptions: ReadonlyMap<string, Subscription>): Subscription {
  if (event.data === undefined) throw new EventRefused('tombstone');
  const subscription = subscriptions.get(event.type);
  if (!subscription) throw new EventRefused(event.type === foreignRecordType ? 'foreign-record' : 'unknown-type');
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

function answerTo(error: unknown): Answer {
  if (error instanceof EventRefused) {
    return { status: refusalStatus[error.reason], reason: error.reason, paths: error.paths };
  }
  if (error instanceof AppError) return { status: eventStatus[error.code], reason: error.code, paths: [] };
  const { code } = explain(error);
  return { status: problem(code).status, reason: code, paths: [] };
}

const mostPaths = 10;

/** The body tells a program why, and nothing of the event: it ends in the dead letter's headers. */
function refuse(error: unknown, { received }: FastifyRequest, reply: FastifyReply, log: Logger): FastifyReply {
  const { status, reason, paths } = answerTo(error);
  received.logged = { ...received.logged, reason };
  if (status >= 500) spanLog(log, received.span).error({ err: error }, 'event failed');
  if (status === 429 || status === 503) reply.header('retry-after', '5');
  const body = { type: `urn:careflow:refusal:${reason}`, title: 'The event was not taken', status, reason };
  return reply
    .code(status)
    .type(problemMediaType)
    .send(JSON.stringify(paths.length > 0 ? { ...body, paths: paths.slice(0, mostPaths) } : body));
}
