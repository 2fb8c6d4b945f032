import { setTimeout as delay } from 'node:timers/promises';

import { Redis } from 'ioredis';

import { nameDriverError } from './driver-error.ts';

/** Where a connection tells that it was lost and that it is back. */
export type ConnectionLog = {
  info(details: object, message: string): void;
  warn(details: object, message: string): void;
};

export type RedisOptions = {
  readonly log?: ConnectionLog;
  /** How long a command, and the wait for the first connection, may take. */
  readonly timeoutMs?: number;
};

const CONNECT_TIMEOUT_MS = 2_000;
const MAX_RECONNECT_DELAY_MS = 2_000;

/**
 * A client that connects while others go on. Commands wait for the first connection, no longer than `timeoutMs`; from
 * then on each fails at once while there is none, and the client goes on trying. A command that stays without an answer
 * is AppError `unavailable`.
 */
export function openRedis(url: string, options: RedisOptions = {}): Redis {
  return begin(url, options).redis;
}

/** The same, resolving when it is connected, or after `timeoutMs` where Redis is not reached. */
export async function connectRedis(url: string, options: RedisOptions = {}): Promise<Redis> {
  const { redis, settled } = begin(url, options);
  await settled;
  return redis;
}

type Beginning = {
  readonly redis: Redis;
  /** Resolves when the first connection is there or is no longer waited for. */
  readonly settled: Promise<void>;
};

function begin(url: string, { log, timeoutMs = 250 }: RedisOptions): Beginning {
  const redis = new CareflowRedis(url, {
    lazyConnect: true,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    commandTimeout: timeoutMs,
    connectTimeout: CONNECT_TIMEOUT_MS,
    retryStrategy: (attempt) => Math.min(25 * 2 ** attempt, MAX_RECONNECT_DELAY_MS),
  });
  tellOutages(redis, log);
  const settled = firstConnection(redis, timeoutMs).finally(() => {
    redis.options.enableOfflineQueue = false;
  });
  return { redis, settled };
}

async function firstConnection(redis: Redis, timeoutMs: number): Promise<void> {
  const waiting = new AbortController();
  const connected = redis.connect().finally(() => waiting.abort());
  // Either way of failing is an outage, which the client tells of and mends by itself.
  await Promise.race([connected, delay(timeoutMs, undefined, waiting)]).catch(() => undefined);
}

/** One line when the connection is lost and one when it is back, however often it is tried between. */
function tellOutages(redis: Redis, log: ConnectionLog | undefined): void {
  let lost = false;
  redis.on('error', (err: Error) => {
    if (!lost) log?.warn({ err }, 'Redis is not reachable');
    lost = true;
  });
  redis.on('ready', () => {
    if (lost) log?.info({}, 'Redis is reachable again');
    lost = false;
  });
}

class CareflowRedis extends Redis {
  // The driver hands out and watches one promise per command: it must be rejected by its right name, not followed by another.
  override sendCommand(...args: Parameters<Redis['sendCommand']>): unknown {
    const [command] = args;
    const { reject } = command;
    command.reject = (error) => reject(nameDriverError(error));
    this.#gather();
    return super.sendCommand(...args);
  }

  /** What one turn of the event loop asks leaves in one write: under load a system call each costs more than the answers. */
  #gather(): void {
    const { stream } = this;
    if (stream === undefined || stream.writableCorked > 0) return;
    stream.cork();
    setImmediate(() => stream.uncork());
  }
}
