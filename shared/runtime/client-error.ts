import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';

import { problem, problemMediaType } from './problem.ts';
import type { ProblemCode } from './problem.ts';

const clientFaults: Readonly<Record<string, ProblemCode>> = {
  HPE_HEADER_OVERFLOW: 'headers-too-large',
  ERR_HTTP_REQUEST_TIMEOUT: 'request-timeout',
};

/** What cannot be read as HTTP has no request to answer, so the answer goes onto the socket. */
export function answerClientError(error: Error & { code?: string }, socket: Duplex): void {
  if (error.code === 'ECONNRESET' || !socket.writable) return;
  const body = problem(clientFaults[error.code ?? ''] ?? 'invalid-input');
  const text = JSON.stringify(body);
  const head = [
    `HTTP/1.1 ${body.status} ${STATUS_CODES[body.status]}`,
    `content-type: ${problemMediaType}`,
    `content-length: ${Buffer.byteLength(text)}`,
    'connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${text}`);
}
