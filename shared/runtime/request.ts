import type { FastifyRequest } from 'fastify';

import type { Caller } from '../domain/caller.ts';
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
