import { fastify } from 'fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';

import { AppError } from '../errors.ts';
import type { CareflowFunction } from './function.ts';
import { isNear } from './near-address.ts';
import { registerOperations } from './operations.ts';
import { registerMetrics, registerProbes } from './probes.ts';
import { explain, problem, problemMediaType, RequestError } from './problem.ts';
import { headerOf, pathPattern } from './request.ts';
import { startSpan } from './trace-context.ts';
import { watchUnderWay } from './under-way.ts';
import type { UnderWay } from './under-way.ts';

export type ServerOptions = {
  readonly log: Logger;
  /** An operation or event that takes longer is answered 503 while it runs on. 30 s unless given. */
  readonly requestTimeoutMs?: number;
  /** 256 KiB unless given. */
  readonly bodyLimitBytes?: number;
  /** 1 MiB unless given. */
  readonly eventLimitBytes?: number;
  /** For each dependency `/health/ready` asks. 2 s unless given. */
  readonly probeTimeoutMs?: number;
};

/** A function behind HTTP. The caller listens, or hands requests to `routing`. */
export function buildServer(fn: CareflowFunction, options: ServerOptions): FastifyInstance {
  const { log, requestTimeoutMs = 30_000 } = options;
  const underWay = watchUnderWay(requestTimeoutMs);
  const app = fastify({
    logger: false,
    trustProxy: isNear,
    bodyLimit: options.bodyLimitBytes ?? 256 * 1024,
    routerOptions: { maxParamLength: 200 },
    return503OnClosing: false,
    // Contracts are checked by zod: Fastify's own compilers would only be loaded.
    schemaController: { compilersFactory: { buildValidator: withoutSchemas, buildSerializer: withoutSchemas } },
    frameworkErrors: (error, request, reply) => {
      receive(request, reply);
      answerError(error, request, reply, log);
    },
  });
  const paths = collectPaths(app);
  registerDefaults(app, { log, underWay, paths });
  registerProbes(app, fn, {
    timeoutMs: options.probeTimeoutMs ?? 2000,
    isDraining: underWay.isDraining,
  });
  if (fn.metrics) registerMetrics(app, fn.metrics);
  if (fn.routes.length > 0) app.register(async (scope) => registerOperations(scope, fn, log));
  if (fn.subscriptions.length > 0) {
    const bodyLimit = options.eventLimitBytes ?? 1024 * 1024;
    app.register(async (scope) => {
      // Loaded by those who need it: the CloudEvents SDK is a third of a small function's start.
      const { registerSubscriptions } = await import('./subscriptions.ts');
      registerSubscriptions(scope, fn, bodyLimit, log);
    });
  }
  return app;
}

function withoutSchemas(): never {
  throw new Error('A route has a JSON Schema: nothing checks it here');
}

type Defaults = { readonly log: Logger; readonly underWay: UnderWay; readonly paths: Paths };

function registerDefaults(app: FastifyInstance, { log, underWay, paths }: Defaults): void {
  app.decorate('isIdle', underWay.isIdle);
  app.decorate('drain', underWay.drain);
  app.addHook('onRequest', (request, reply, done) => {
    receive(request, reply);
    underWay.add(reply);
    done(request.is404 ? refusalOf(request, paths) : undefined);
  });
  app.addHook('onResponse', (request, reply, done) => {
    underWay.remove(reply);
    logRequest(request, reply, log);
    done();
  });
  app.setErrorHandler((error, request, reply) => answerError(error, request, reply, log));
  app.setNotFoundHandler(async () => {
    throw new AppError('not-found', 'There is no such path.');
  });
}

function receive(request: FastifyRequest, reply: FastifyReply): void {
  const span = startSpan(headerOf(request, 'traceparent'));
  request.received = { span };
  reply.header('traceparent', span.traceparent);
}

/** One line per request: the path as the contract writes it, no query, no body, no event data. */
function logRequest(request: FastifyRequest, reply: FastifyReply, log: Logger): void {
  const { span, logged } = request.received;
  const line = {
    method: request.method,
    route: pathPattern(request),
    status: reply.statusCode,
    durationMs: Math.round(reply.elapsedTime * 1000) / 1000,
    traceId: span.traceId,
    spanId: span.spanId,
  };
  if (line.route.startsWith('/health/') || line.route === '/metrics') log.debug(line, 'probe answered');
  else log.info(logged ? { ...line, ...logged } : line, 'request answered');
}

function answerError(error: unknown, request: FastifyRequest, reply: FastifyReply, log: Logger): FastifyReply {
  const { span } = request.received;
  const { code, detail, details, headers } = explain(error);
  const body = problem(code, { detail, details, instance: `urn:careflow:trace:${span.traceId}` });
  if (body.status >= 500) {
    const { traceId, spanId } = span;
    log[code === 'internal' ? 'error' : 'warn']({ err: error, traceId, spanId }, 'request failed');
  }
  return reply
    .code(body.status)
    .headers({ ...headers, 'cache-control': 'no-store' })
    .type(problemMediaType)
    .send(JSON.stringify(body));
}

/** Which methods each path has, the paths with the fewest parameters first. */
type Paths = () => readonly { readonly pattern: RegExp; readonly allow: string }[];

/** Laid out when somebody first asks for what there is not: a start has better things to do. */
function collectPaths(app: FastifyInstance): Paths {
  const methodsOf = new Map<string, Set<string>>();
  app.addHook('onRoute', ({ url, method }) => {
    const methods = methodsOf.get(url) ?? new Set<string>();
    for (const each of [method].flat()) methods.add(each);
    methodsOf.set(url, methods);
  });
  let paths: ReturnType<Paths> | undefined;
  return () =>
    (paths ??= [...methodsOf]
      .toSorted(([one], [other]) => one.split(':').length - other.split(':').length)
      .map(([url, methods]) => ({
        pattern: new RegExp(`^${url.replace(/:\w+/g, '[^/]+')}$`),
        allow: [...methods].toSorted().join(', '),
      })));
}

/** RFC 9110, section 15.5.6: a known path with another method is 405 and says which it has. */
function refusalOf({ url }: FastifyRequest, paths: Paths): Error {
  const [path = ''] = url.split('?', 1);
  const known = paths().find(({ pattern }) => pattern.test(path));
  if (known) return new RequestError('method-not-allowed', { allow: known.allow });
  return new AppError('not-found', 'There is no such path.');
}
