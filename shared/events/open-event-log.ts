import type { EventLog, EventLogOptions } from './event-log.ts';
import { parseKafkaUrl } from './kafka-address.ts';

/**
 * Opens `kafka://host:port[,host:port]`, or `kafka+ssl://...` (see `parseKafkaUrl`), or `postgres://...`: the embedded log in a PostgreSQL database.
 * Connects at first use, and what it needs for that is loaded only then.
 */
export function openEventLog(url: string, options: EventLogOptions): EventLog {
  const open = opener(url, options);
  let opened: Promise<EventLog> | undefined;
  const adapter = () => (opened ??= open());
  return {
    append: async (records) => (await adapter()).append(records),
    subscribe: async (subscriber) => (await adapter()).subscribe(subscriber),
    ensureTopics: async (topics) => (await adapter()).ensureTopics(topics),
    async *read(topic) {
      yield* (await adapter()).read(topic);
    },
    lag: async (group, topics) => (await adapter()).lag(group, topics),
    close: async () => (await opened)?.close(),
  };
}

function opener(url: string, options: EventLogOptions): () => Promise<EventLog> {
  const [scheme = ''] = url.split('://', 1);
  switch (scheme) {
    case 'kafka':
    case 'kafka+ssl': {
      const address = parseKafkaUrl(url);
      return async () => (await import('./kafka-log.ts')).createKafkaLog(address, options);
    }
    case 'postgres':
    case 'postgresql':
      return async () => (await import('./postgres-log.ts')).createPostgresLog(url, options);
    default:
      throw new Error(`an event log is kafka://... or postgres://..., not ${scheme}://`);
  }
}
