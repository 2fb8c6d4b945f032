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
 * Resolves when connected, or after `timeoutMs` where Redis is not reached: the client goes on trying, and until it
 * succeeds each command fails at once. A command that stays without an answer is AppError `unavailable`.
 */
export async function connectRedis(url: string, { log, timeoutMs = 250 }: RedisOptions = {}): Promise<Redis> {
  const redis = new NamedErrorRedis(url, {
    lazyConnect: true,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    commandTimeout: timeoutMs,
    connectTimeout: CONNECT_TIMEOUT_MS,
    retryStrategy: (attempt) => Math.min(25 * 2 ** attempt, MAX_RECONNECT_DELAY_MS),
  });
  tellOutages(redis, log);
  const waiting = new AbortController();
  const connected = redis.connect().finally(() => waiting.abort());
  // Either way of failing is an outage, which the client tells of and mends by itself.
  await Promise.race([connected, delay(timeoutMs, undefined, waiting)]).catch(() => undefined);
  return redis;
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

class NamedErrorRedis extends Redis {
  // The driver hands out and watches one promise per command: it must be rejected by its right name, not followed by another.
  override sendCommand(...args: Parameters<Redis['sendCommand']>): unknown {
    const [command] = args;
    const { reject } = command;
    command.reject = (error) => reject(nameDriverError(error));
    return super.sendCommand(...args);
  }
}
