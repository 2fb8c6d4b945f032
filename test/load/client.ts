import { setTimeout as delay } from 'node:timers/promises';

import { Pool } from 'undici';

import { requestToken } from '../../infra/local/oidc/request-token.ts';
import type { Platform } from '../../infra/local/platform-file.ts';
import { tokenSeconds } from '../../infra/local/oidc/sample-access.ts';
import type { Operation, Tally } from './tally.ts';

export type Request = {
  readonly operation: Operation;
  readonly path: string;
  /** Makes it a POST, which is repeated under its `Idempotency-Key`. */
  readonly body?: object;
  readonly key?: string;
};

export type Answer = { readonly status: number; readonly body: unknown };

/** A client that repeats what is not answered, as a client of an idempotent API may. */
export type Client = {
  /** Resolves to the first answer that is neither a failure of the platform nor of the way to it; undefined when none comes in time. */
  send(request: Request): Promise<Answer | undefined>;
  close(): Promise<void>;
};

export type ClientOptions = {
  readonly platform: Pick<Platform, 'gateway' | 'oidc'>;
  readonly subject: string;
  readonly connections: number;
  readonly tally: Tally;
  /** How long an operation is repeated. */
  readonly deadlineMs: number;
};

const LONGEST_PAUSE_MS = 2_000;
/** Longer than anything should take, shorter than an operation is repeated. */
const ATTEMPT_TIMEOUT_MS = 30_000;
/** A platform's own system: not limited in its rate, and it may act for everybody. */
const ROLE = 'system';

/** Throws unless the platform is on this machine: nobody else's is to be loaded. */
export function createClient({ platform, subject, connections, tally, deadlineMs }: ClientOptions): Client {
  mustBeLocal(platform.gateway);
  const pool = new Pool(platform.gateway, {
    connections,
    headersTimeout: ATTEMPT_TIMEOUT_MS,
    bodyTimeout: ATTEMPT_TIMEOUT_MS,
  });
  const token = rememberToken(() => requestToken(platform.oidc, { role: ROLE, subject }));
  return {
    async send(request) {
      const startedAt = performance.now();
      for (let attempt = 1; ; attempt += 1) {
        const answer = await attemptOnce(pool, request, await token());
        tally.attempted(request.operation, answer?.status);
        const elapsedMs = performance.now() - startedAt;
        if (answer && !isPassing(answer.status)) {
          tally.ended(request.operation, elapsedMs, attempt);
          return answer;
        }
        if (elapsedMs > deadlineMs) return undefined;
        await delay(Math.min(25 * 2 ** attempt, LONGEST_PAUSE_MS));
      }
    },
    close: () => pool.close(),
  };
}

async function attemptOnce(pool: Pool, { path, body, key }: Request, token: string): Promise<Answer | undefined> {
  try {
    const response = await pool.request({
      method: body ? 'POST' : 'GET',
      path,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body && { 'content-type': 'application/json' }),
        ...(key !== undefined && { 'idempotency-key': key }),
      },
      body: body ? JSON.stringify(body) : null,
    });
    const text = await response.body.text();
    return { status: response.statusCode, body: isPassing(response.statusCode) ? undefined : JSON.parse(text) };
  } catch (error) {
    if (error instanceof SyntaxError) throw error;
    return undefined;
  }
}

/** What another attempt may cure. */
function isPassing(status: number): boolean {
  return status >= 500 || status === 408 || status === 429;
}

/** Asks for a new one before the last one expires. */
function rememberToken(request: () => Promise<string>): () => Promise<string> {
  let current: { token: Promise<string>; untilMs: number } | undefined;
  return () => {
    if (!current || current.untilMs < Date.now()) {
      current = { token: request(), untilMs: Date.now() + (tokenSeconds * 1_000) / 2 };
    }
    return current.token;
  };
}

function mustBeLocal(gateway: string): void {
  const { hostname } = new URL(gateway);
  if (['localhost', '127.0.0.1', '[::1]'].includes(hostname)) return;
  throw new Error(`${gateway} is not on this machine; only a local platform is put under load`);
}
