import { randomFillSync } from 'node:crypto';

/** A span of this process within a trace (W3C Trace Context, level 1). */
export type Span = { readonly traceId: string; readonly spanId: string; readonly traceparent: string };

const traceparentFormat = /^(?!ff)[\da-f]{2}-(?!0{32})([\da-f]{32})-(?!0{16})[\da-f]{16}-([\da-f]{2})(?:$|-)/;

/** A new span under the parent, or of a new trace where the parent is absent or malformed. */
export function startSpan(parent: string | undefined): Span {
  const [, traceId = randomHex(16), flags = '01'] = (parent && traceparentFormat.exec(parent)) || [];
  const spanId = randomHex(8);
  return { traceId, spanId, traceparent: `00-${traceId}-${spanId}-${flags}` };
}

// One system call fills many ids.
const pool = Buffer.alloc(4096);
let used = pool.length;

function randomHex(bytes: number): string {
  if (used + bytes > pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  used += bytes;
  return pool.toString('hex', used - bytes, used);
}
