import { join } from 'node:path';

import { afterAll, beforeAll, describe } from 'vitest';

import { freePort } from '../../../infra/local/services/free-port.ts';
import { startPostgres } from '../../../infra/local/services/postgres.ts';
import type { Service } from '../../../infra/local/services/process.ts';
import { openEventLog } from '../../../shared/events/open-event-log.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { itOutlivesItsServer } from './event-log-outage.ts';

const folder = await temporaryFolder();

describe('the event log in PostgreSQL, which is killed', () => {
  let server: Service;

  beforeAll(async () => {
    server = await startPostgres({
      dir: join(folder, 'postgres'),
      port: await freePort(),
      logFile: join(folder, 'postgres.log'),
    });
  });
  afterAll(() => server.stop());

  itOutlivesItsServer(
    () => server,
    (url) => openEventLog(url, { clientId: 'outage-test', appendDeadlineMs: 4_000 }),
  );
});
