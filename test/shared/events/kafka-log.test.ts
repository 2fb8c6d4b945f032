import { expect, inject, it } from 'vitest';

import { readTopics } from '../../../infra/local/services/topics.ts';
import type { LogRecord } from '../../../shared/events/event-log.ts';
import { openEventLog } from '../../../shared/events/open-event-log.ts';
import { describeKafka } from '../../support/services/event-logs.ts';
import { renamed } from '../../support/services/topics.ts';
import { describeEventLog } from './event-log-contract.ts';

/** What a function takes of one event. */
const EVENT_BYTES = 1024 * 1024;

describeKafka('Kafka', () => {
  describeEventLog('the event log in Kafka', () => openEventLog(inject('kafkaUrl'), { clientId: 'event-log-test' }));

  it('refuses results that are larger than a function takes, and nothing that is sent beside them', async () => {
    const lisResults = (await readTopics({ brokers: 1 })).filter(({ name }) => name === 'lis-results');
    const topics = renamed(lisResults);
    const topic = String(topics[0]?.name);
    const log = openEventLog(inject('kafkaUrl'), { clientId: 'event-log-test' });
    await log.ensureTopics(topics);
    const sized = (bytes: number): LogRecord => ({ topic, key: null, value: Buffer.alloc(bytes, 'x'), headers: {} });
    const sent = [1, 2, EVENT_BYTES, EVENT_BYTES - 1024, 3].map((bytes) => log.append([sized(bytes)]));
    const refused = { status: 'rejected', reason: expect.objectContaining({ code: 'invalid-input' }) };
    const taken = { status: 'fulfilled', value: undefined };
    expect(await Promise.allSettled(sent)).toEqual([taken, taken, refused, taken, taken]);
    await log.close();
  });
});
