import { join } from 'node:path';

import { onFreePort, reservedPort } from './free-port.ts';
import { startKafka } from './kafka.ts';
import { MissingRequirement } from './missing-requirement.ts';
import { startPostgres } from './postgres.ts';
import type { Service } from './process.ts';
import { startRedis } from './redis.ts';

export type ServicesOptions = {
  /** Where data, jars and logs are kept. */
  home: string;
  /** `auto` is Kafka, or the embedded log in PostgreSQL where Kafka cannot be had. */
  eventLog: 'kafka' | 'postgres' | 'auto';
  /** A URL given here is used as it is, and nothing is started for it. */
  environment?: Readonly<Record<string, string | undefined>>;
  onProgress?: (what: string) => void;
};

export type Services = {
  readonly urls: { DATABASE_URL: string; REDIS_URL: string; EVENT_LOG_URL: string };
  /** What was started; a server that was given by its URL is not there. */
  readonly started: { postgres?: Service; redis?: Service; kafka?: Service };
  /** Ends everything that was started. */
  stop(): Promise<void>;
};

/** Ports that one remembers, taken when they are free. */
const PORTS = { postgres: 15_432, redis: 16_379, kafka: 19_092, controller: 19_093 };

/**
 * Starts PostgreSQL, Redis and Kafka side by side, and again when one of them dies. When one cannot be started, the others
 * are stopped and its error is thrown.
 */
export async function startServices(options: ServicesOptions): Promise<Services> {
  const given = givenUrls(options.environment ?? {});
  const [postgres, redis, kafka] = await Promise.allSettled([
    given.DATABASE_URL ? undefined : runPostgres(options),
    given.REDIS_URL ? undefined : runRedis(options),
    given.EVENT_LOG_URL ? undefined : runEventLog(options),
  ]);
  const started = {
    ...(postgres.status === 'fulfilled' && postgres.value && { postgres: postgres.value }),
    ...(redis.status === 'fulfilled' && redis.value && { redis: redis.value }),
    ...(kafka.status === 'fulfilled' && kafka.value && { kafka: kafka.value }),
  };
  const stop = async () => {
    await Promise.all(Object.values(started).map((service) => service.stop()));
  };
  const failed = [postgres, redis, kafka].find((outcome) => outcome.status === 'rejected');
  if (failed) {
    await stop();
    throw failed.reason;
  }
  const databaseUrl = given.DATABASE_URL ?? urlOf(started.postgres);
  return {
    urls: {
      DATABASE_URL: databaseUrl,
      REDIS_URL: given.REDIS_URL ?? urlOf(started.redis),
      EVENT_LOG_URL: given.EVENT_LOG_URL ?? started.kafka?.url ?? databaseUrl,
    },
    started,
    stop,
  };
}

type Given = Partial<Services['urls']>;

/** A variable that is empty gives nothing. */
function givenUrls({ DATABASE_URL, REDIS_URL, EVENT_LOG_URL }: NonNullable<ServicesOptions['environment']>): Given {
  return {
    ...(DATABASE_URL && { DATABASE_URL }),
    ...(REDIS_URL && { REDIS_URL }),
    ...(EVENT_LOG_URL && { EVENT_LOG_URL }),
  };
}

function urlOf(service: Service | undefined): string {
  if (service === undefined) throw new Error('neither started nor given');
  return service.url;
}

async function runPostgres({ home, onProgress }: ServicesOptions): Promise<Service> {
  const service = await onFreePort(PORTS.postgres, (port) =>
    startPostgres({
      dir: join(home, 'postgres'),
      port,
      logFile: join(home, 'logs', 'postgres.log'),
      onExit: (reason) => onProgress?.(`PostgreSQL ${reason}; it is started again`),
    }),
  );
  onProgress?.('PostgreSQL is ready');
  return service;
}

async function runRedis({ home, onProgress }: ServicesOptions): Promise<Service> {
  const service = await onFreePort(PORTS.redis, (port) =>
    startRedis({
      dir: join(home, 'redis'),
      port,
      logFile: join(home, 'logs', 'redis.log'),
      onExit: (reason) => onProgress?.(`Redis ${reason}; it is started again`),
    }),
  );
  onProgress?.('Redis is ready');
  return service;
}

async function runEventLog(options: ServicesOptions): Promise<Service | undefined> {
  if (options.eventLog === 'postgres') return undefined;
  if (options.eventLog === 'kafka') return runKafka(options);
  return runKafka(options).catch((error: unknown) => {
    if (!(error instanceof MissingRequirement)) throw error;
    options.onProgress?.(`events go through PostgreSQL instead of Kafka: ${error.message}`);
    return undefined;
  });
}

async function runKafka({ home, onProgress }: ServicesOptions): Promise<Service> {
  const service = await onFreePort(PORTS.kafka, async (port) =>
    startKafka({
      dir: join(home, 'kafka', 'broker'),
      libs: join(home, 'kafka', 'libs'),
      port,
      controllerPort: await reservedPort(port === PORTS.kafka ? PORTS.controller : 0),
      logFile: join(home, 'logs', 'kafka.log'),
      onExit: (reason) => onProgress?.(`Kafka ${reason}; it is started again`),
      ...(onProgress && { onProgress }),
    }),
  );
  onProgress?.('Kafka is ready');
  return service;
}
