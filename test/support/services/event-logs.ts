import { describe, inject } from 'vitest';

export type EventLogName = 'kafka' | 'postgres';

/** Whether this run has Kafka. */
export const hasKafka = inject('kafkaUrl') !== '';

/** For what is of Kafka itself: skipped where this machine cannot run it. */
export const describeKafka = hasKafka ? describe : describe.skip;

/** A suite for either event log. In Kafka it is skipped where this machine cannot run it. */
export function describeOnEventLogs(name: string, suite: (eventLog: EventLogName) => void): void {
  describeKafka(`${name} Kafka`, () => suite('kafka'));
  describe(`${name} PostgreSQL`, () => {
    suite('postgres');
  });
}

export function eventLogUrl(eventLog: EventLogName, databaseUrl: string): string {
  return eventLog === 'kafka' ? inject('kafkaUrl') : databaseUrl;
}
