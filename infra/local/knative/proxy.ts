import type { IncomingMessage, ServerResponse } from 'node:http';
import { PassThrough, type Readable } from 'node:stream';
import type { Dispatcher } from 'undici';

/** Headers that belong to one connection (RFC 9110, 7.6.1), and `expect`, which the server has answered already. */
const hopByHop = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'expect',
]);

/** Bodies up to here are read whole before they are passed on, which is faster than streaming them. */
const smallBody = 65_536;

export type Passage = {
  /** Resolves when the response has been passed on whole, or cannot be. */
  done: Promise<void>;
  /** Gives the function up: its handler runs on, nobody listens. */
  abandon: () => void;
};

/** Passes a request to a function and its response back, streaming both; 502 when the function's connection fails. */
export function pass(pool: Dispatcher, request: IncomingMessage, response: ServerResponse): Passage {
  const link: Link = { isAbandoned: false, abort: () => undefined };
  const done = readBody(request).then(
    (body) => send(pool, request, response, body, link),
    // The client went away while it was sending.
    () => undefined,
  );
  const abandon = () => {
    link.isAbandoned = true;
    link.abort();
  };
  return { done, abandon };
}

/** The way to break off a request that may not have been sent yet. */
type Link = { isAbandoned: boolean; abort: () => void };

type Body = Buffer | Readable | null;

function readBody(request: IncomingMessage): Promise<Body> {
  const length = Number(request.headers['content-length'] ?? 0);
  const isChunked = request.headers['transfer-encoding'] !== undefined;
  if (length === 0 && !isChunked) return Promise.resolve(null);
  return isChunked || length > smallBody ? Promise.resolve(stream(request)) : readWhole(request);
}

/** A stream of its own, because the dispatcher destroys a body it cannot send, and with it the client's connection. */
function stream(request: IncomingMessage): Readable {
  const body = new PassThrough();
  request.pipe(body);
  request.once('close', () => {
    if (!request.complete) body.destroy(new Error('the client went away'));
  });
  return body;
}

function readWhole(request: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => resolve(Buffer.concat(chunks)));
    request.on('error', reject);
    request.on('close', () => reject(new Error('the client went away')));
  });
}

function send(pool: Dispatcher, request: IncomingMessage, response: ServerResponse, body: Body, link: Link) {
  const { method = 'GET', url: path = '/' } = request;
  return new Promise<void>((resolve) => {
    if (link.isAbandoned) return resolve();
    pool.dispatch({ method, path, headers: forwardedHeaders(request), body }, passBack(response, link, resolve));
  });
}

function passBack(response: ServerResponse, link: Link, settle: () => void): Dispatcher.DispatchHandler {
  return {
    onRequestStart(controller) {
      link.abort = () => controller.abort(new Error('abandoned'));
      if (link.isAbandoned) link.abort();
    },
    onResponseStart(_controller, status, headers) {
      if (status >= 200) response.writeHead(status, endToEnd(headers));
    },
    onResponseData(controller, chunk) {
      if (response.write(chunk)) return;
      controller.pause();
      response.once('drain', () => controller.resume());
    },
    onResponseEnd() {
      link.abort = () => undefined;
      response.end();
      settle();
    },
    onResponseError(_controller, error) {
      if (!link.isAbandoned) refuseBadGateway(response, error);
      settle();
    },
  };
}

/** A response that has begun can only be cut off; the client must not take it for whole. */
function refuseBadGateway(response: ServerResponse, error: Error): void {
  if (response.headersSent) response.destroy();
  else answer(response, 502, error.message);
}

/** Answers in the proxy's own name. */
export function answer(response: ServerResponse, status: number, text: string): void {
  if (response.headersSent || response.destroyed) return;
  // A client reads the answer when it has sent its body: what is left of that is taken and dropped.
  response.req.unpipe().resume();
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' });
  response.end(`${text}\n`);
}

function forwardedHeaders(request: IncomingMessage): string[] {
  const dropped = namedByConnection(request.headers.connection);
  const headers: string[] = [];
  for (let index = 0; index + 1 < request.rawHeaders.length; index += 2) {
    const name = request.rawHeaders[index] ?? '';
    const lower = name.toLowerCase();
    if (hopByHop.has(lower) || lower === 'x-forwarded-for' || dropped?.includes(lower)) continue;
    headers.push(name, request.rawHeaders[index + 1] ?? '');
  }
  const path = [request.headers['x-forwarded-for'], request.socket.remoteAddress].filter(Boolean);
  headers.push('x-forwarded-for', path.join(', '));
  if (request.headers['x-forwarded-proto'] === undefined) headers.push('x-forwarded-proto', 'http');
  return headers;
}

function namedByConnection(connection: string | undefined): string[] | undefined {
  if (connection === undefined || connection === 'keep-alive') return undefined;
  return connection.split(',').map((name) => name.trim().toLowerCase());
}

function endToEnd(headers: NodeJS.Dict<string | string[]>): NodeJS.Dict<string | string[]> {
  const dropped = namedByConnection(headers.connection?.toString());
  const kept: NodeJS.Dict<string | string[]> = {};
  for (const name in headers) {
    if (!hopByHop.has(name) && !dropped?.includes(name)) kept[name] = headers[name];
  }
  return kept;
}
