import type { IncomingHttpHeaders } from 'node:http';

import type { FastifyRequest } from 'fastify';

import type { Caller } from '../domain/caller.ts';
import { RequestError } from './problem.ts';
import type { Span } from './trace-context.ts';

/** What the edge knows of a request beside what was sent. */
export type Received = {
  span: Span;
  caller?: Caller;
  /** Members of the log line that only some requests have. */
  logged?: Readonly<Record<string, unknown>>;
};

declare module 'fastify' {
  interface FastifyRequest {
    received: Received;
  }
  interface FastifyInstance {
    /** Whether no request is under way. */
    isIdle: () => boolean;
    /** Makes it not ready, and each answer asks its client to connect anew, elsewhere. */
    drain: () => void;
  }
}

/** The path as the contract writes it, so that no id gets into a log. */
export function pathPattern(request: FastifyRequest): string {
  return request.routeOptions.url ?? 'unknown';
}

/** The first value of a header that may be sent once. */
export function headerOf(request: FastifyRequest, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value[0] : value;
}

/** Throws unless a body can be read as it came: in UTF-8 (the one charset of JSON, RFC 8259) and not compressed. */
export function mustBePlain(headers: IncomingHttpHeaders): void {
  if (headers['content-type'] === 'application/json' && headers['content-encoding'] === undefined) return;
  const charset = /;\s*charset="?([^";\s]+)/i.exec(headers['content-type'] ?? '')?.[1] ?? 'utf-8';
  const encoding = headers['content-encoding'] ?? 'identity';
  if (encoding !== 'identity' || !/^(utf-?8|us-ascii)$/i.test(charset))
    throw new RequestError('unsupported-media-type');
}
