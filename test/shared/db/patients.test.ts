import { expect, it } from 'vitest';

import { connectDatabase } from '../../../shared/db/client.ts';
import { PATIENT_KEEP_MS, SETTLED_AFTER_MS } from '../../../shared/db/patients.ts';

it('takes nothing for settled that a booking may still write, which finds its patient and waits twice for its database', async () => {
  const { $client } = connectDatabase('postgres://nobody@127.0.0.1/nothing', { applicationName: 'test' });
  const { connectionTimeoutMillis, statement_timeout: statementTimeoutMs } = $client.options;
  await $client.end();
  const waitMs = Number(connectionTimeoutMillis) + Number(statementTimeoutMs);
  expect(SETTLED_AFTER_MS).toBeGreaterThan(PATIENT_KEEP_MS + 2 * waitMs);
});
