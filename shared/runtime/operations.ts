import type { FastifyInstance, FastifyReply, FastifyRequest, onRequestAsyncHookHandler } from 'fastify';
import type { Logger } from 'pino';

import type { OperationContract, ReceivedBody } from '../../schemas/api/contract.ts';
import { mayCall, mayEnter } from '../domain/caller.ts';
import type { Caller } from '../domain/caller.ts';
import { AppError } from '../errors.ts';
import { RequestHandling } from './context.ts';
import type { Answer, CareflowFunction, Route, WrittenAnswer } from './function.ts';
import { claimOf, once } from './idempotency.ts';
import { preferredOf } from './accept.ts';
import { checkInputOf } from './input.ts';
import { etagOf, idOf, parseIfMatch } from './preconditions.ts';
import { headerOf, mustBePlain } from './request.ts';

/** Registers a function's routes: who may, what is asked, has it been answered, do it, answer. */
export function registerOperations(app: FastifyInstance, fn: CareflowFunction, log: Logger): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'string' }, parseJson);
  for (const route of fn.routes) {
    if (route.contract.takes) app.register(async (scope) => registerTaking(scope, fn, route, log));
    else registerOperation(app, fn, route, log);
  }
}

/** An operation that is given bodies as they came has parsers of its own. */
function registerTaking(app: FastifyInstance, fn: CareflowFunction, route: Route, log: Logger): void {
  app.removeAllContentTypeParsers();
  for (const mediaType of route.contract.takes ?? []) {
    app.addContentTypeParser(mediaType, { parseAs: 'buffer' }, ({ headers }, bytes, done) => {
      mustBePlain(headers);
      done(null, bytes);
    });
  }
  registerOperation(app, fn, route, log);
}

function registerOperation(app: FastifyInstance, fn: CareflowFunction, route: Route, log: Logger): void {
  const { contract } = route;
  app.route({
    method: contract.method,
    url: contract.path.replace(/{(\w+)}/g, ':$1'),
    ...(contract.bodyLimitBytes !== undefined && { bodyLimit: contract.bodyLimitBytes }),
    onRequest: admit(fn, route),
    handler: handle(fn, route, log),
  });
}

/** Before the body is read: a stranger does not get to send one. */
function admit(fn: CareflowFunction, { contract }: Route): onRequestAsyncHookHandler {
  const { authenticate, limit } = fn;
  if (contract.signed) return admitSigned(limit);
  if (!authenticate) throw new Error(`${fn.name} has routes but no way to authenticate their callers`);
  return async (request, reply) => {
    const caller = await identify(request, authenticate, limit);
    request.received.caller = caller;
    if (limit) reply.headers(await limit(caller, request.ip));
    mayCall(caller, contract);
    const country = countryOf(request);
    if (country !== undefined) mayEnter(caller, country);
  };
}

/** Whoever signs a body shows nothing that could be looked at before it. */
const signer: Caller = { subject: 'signer', roles: [], scopes: [], country: undefined };

function admitSigned(limit: CareflowFunction['limit']): onRequestAsyncHookHandler {
  return async (request, reply) => {
    request.received.caller = signer;
    if (limit) reply.headers(await limit(undefined, request.ip));
  };
}

/** Whoever tries tokens is counted by address. */
async function identify(
  request: FastifyRequest,
  authenticate: (authorization: string | undefined) => Promise<Caller>,
  limit: CareflowFunction['limit'],
): Promise<Caller> {
  try {
    return await authenticate(request.headers.authorization);
  } catch (error) {
    if (limit && error instanceof AppError && error.code === 'unauthenticated') await limit(undefined, request.ip);
    throw error;
  }
}

function countryOf(request: FastifyRequest): string | undefined {
  const { params } = request;
  const country: unknown = typeof params === 'object' && params !== null ? Reflect.get(params, 'country') : undefined;
  return typeof country === 'string' ? country : undefined;
}

function handle(fn: CareflowFunction, { contract, operation }: Route, log: Logger) {
  const checkInput = checkInputOf(contract);
  const find = contract.method === 'POST' ? fn.findAnswer : undefined;

  return async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    if (request.url.includes('%00')) throw new AppError('invalid-input', noNul);
    const ifMatch = parseIfMatch(request.headers['if-match']);
    const { params, query, body } = request;
    const input = contract.takes
      ? { ...checkInput({ params, query, body: undefined }), received: receivedOf(request) }
      : checkInput({ params, query, body });
    const caller = callerOf(request);
    const key = find && headerOf(request, 'idempotency-key');
    const claim = key === undefined ? undefined : claimOf(key, caller.subject, contract.id, input);
    const preferred = contract.answers && preferredOf(headerOf(request, 'accept'), Object.keys(contract.answers));
    const asked = { caller, idempotency: claim, ifMatch, preferred };
    const context = new RequestHandling(asked, request.received.span, log);
    const run = async (): Promise<Answer<unknown> | WrittenAnswer> => operation(input, context);

    const answer = find && claim ? await once(find, claim, run) : await run();
    if ('fingerprint' in answer) {
      reply.header('idempotency-replayed', 'true');
      send(request, reply, answer.status, answer);
    } else if ('written' in answer) sendWritten(reply, contract, answer);
    else send(request, reply, contract.status, answer);
  };
}

function callerOf({ received: { caller } }: FastifyRequest): Caller {
  if (!caller) throw new Error('A route was reached past its admission');
  return caller;
}

function send(request: FastifyRequest, reply: FastifyReply, status: number, answer: Answer<unknown>): void {
  const { body, headers } = answer;
  reply.code(status).header('cache-control', 'no-store');
  const etag = etagOf(body);
  if (etag !== undefined) reply.header('etag', etag);
  const id = status === 201 ? idOf(body) : undefined;
  if (id !== undefined) reply.header('location', `${request.url.split('?', 1)[0]}/${id}`);
  if (headers) reply.headers({ ...headers });
  if (status === 204) reply.send();
  else reply.type('application/json; charset=utf-8').send(JSON.stringify(body));
}

function receivedOf({ headers, body }: FastifyRequest): ReceivedBody {
  if (!Buffer.isBuffer(body) || body.length === 0) throw new AppError('invalid-input', 'There is no body.');
  const [mediaType = ''] = (headers['content-type'] ?? '').split(';', 1);
  const first = Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value[0] : value]);
  return { mediaType: mediaType.trim().toLowerCase(), headers: Object.fromEntries(first), bytes: body };
}

function sendWritten(reply: FastifyReply, { answers, status }: OperationContract, answer: WrittenAnswer): void {
  const { written, mediaType, headers } = answer;
  reply.code(answer.status ?? answers?.[mediaType] ?? status).header('cache-control', 'no-store');
  if (headers) reply.headers({ ...headers });
  reply.type(typeof written === 'string' ? `${mediaType}; charset=utf-8` : mediaType).send(written);
}

type Done = (error: Error | null, body?: unknown) => void;

/** The parser's own message quotes the body, so it is dropped. An empty body is none. */
function parseJson({ headers }: FastifyRequest, text: string, done: Done): void {
  mustBePlain(headers);
  let body: unknown;
  try {
    body = text === '' ? undefined : JSON.parse(text);
  } catch {
    return done(new AppError('invalid-input', 'The request body is not JSON.'));
  }
  const mayHoldNul = text.includes(String.raw`\u0000`);
  done(mayHoldNul && holdsNul(body) ? new AppError('invalid-input', noNul) : null, body);
}

/** PostgreSQL cannot store U+0000, and nobody means to send it. */
const noNul = 'The request holds the character U+0000.';

function holdsNul(value: unknown): boolean {
  if (typeof value === 'string') return value.includes('\0');
  return typeof value === 'object' && value !== null && Object.values(value).some(holdsNul);
}
