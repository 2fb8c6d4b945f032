import { afterAll, beforeAll } from 'vitest';

import { openEventLog } from '../../../shared/events/open-event-log.ts';
import { createEmptyDatabase, type TestDatabase } from '../../support/services/database.ts';
import { describeEventLog } from './event-log-contract.ts';

let database: TestDatabase;

beforeAll(async () => {
  database = await createEmptyDatabase();
});
afterAll(() => database.drop());

describeEventLog('the event log in PostgreSQL', () => openEventLog(database.url, { clientId: 'event-log-test' }));
