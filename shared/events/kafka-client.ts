import { Kafka, type KafkaConfig, type LogEntry, logLevel } from 'kafkajs';
import type { Logger } from 'pino';

import { AppError } from '../errors.ts';
import type { EventLogOptions } from './event-log.ts';
import type { KafkaAddress } from './kafka-address.ts';
import { quickenEncoder } from './kafka-encoder.ts';
import { quietRequestQueues } from './kafka-request-queue.ts';

/** Makes a client for one purpose: kafkajs shares state between the consumers of one client, so none is used for two. */
export type NewKafka = () => Kafka;

/** How often kafkajs tries by itself before its caller hears of it. */
export const RETRY = { retries: 4, initialRetryTime: 100, maxRetryTime: 1_000, factor: 0.2, multiplier: 2 };

export function kafkaClients(address: KafkaAddress, { clientId, log }: EventLogOptions): NewKafka {
  return () => {
    quietRequestQueues();
    quickenEncoder();
    const config: KafkaConfig = {
      clientId,
      ...address,
      connectionTimeout: 3_000,
      requestTimeout: 8_000,
      retry: RETRY,
      logLevel: log ? logLevel.INFO : logLevel.NOTHING,
      ...(log && { logCreator: () => (entry) => writeLog(log, entry) }),
    };
    return new Kafka(config);
  };
}

/** What kafkajs calls an error is often its next attempt's business: a line of warning at most. */
function writeLog(log: Logger, { namespace, label, log: entry }: LogEntry): void {
  const { message, timestamp: _, ...details } = entry;
  log[label === 'ERROR' || label === 'WARN' ? 'warn' : 'debug']({ kafka: { namespace, ...details } }, message);
}

/** Names what Kafka or its client reports; hands anything else on as it is. */
export function nameKafkaError(error: unknown): unknown {
  if (!(error instanceof Error) || !error.name.startsWith('KafkaJS')) return error;
  if (protocolErrorType(error) === 'MESSAGE_TOO_LARGE') {
    return new AppError('invalid-input', 'a record is larger than the event log takes', {}, { cause: error });
  }
  return new AppError('unavailable', 'the event log does not answer', {}, { cause: error });
}

/** Kafka's name for what a request was refused with, however deep kafkajs wraps it. */
export function protocolErrorType(error: unknown): string | undefined {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if ('type' in cause && typeof cause.type === 'string') return cause.type;
  }
  return undefined;
}
