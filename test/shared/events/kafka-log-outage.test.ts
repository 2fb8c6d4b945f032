import { join } from 'node:path';

import { afterAll, beforeAll } from 'vitest';

import { freePort } from '../../../infra/local/services/free-port.ts';
import { startKafka } from '../../../infra/local/services/kafka.ts';
import type { Service } from '../../../infra/local/services/process.ts';
import { openEventLog } from '../../../shared/events/open-event-log.ts';
import { careflowHome } from '../../support/services/careflow-home.ts';
import { describeKafka } from '../../support/services/event-logs.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { itOutlivesItsServer } from './event-log-outage.ts';

const folder = await temporaryFolder();

describeKafka('the event log in Kafka, whose broker is killed', () => {
  let broker: Service;

  beforeAll(async () => {
    broker = await startKafka({
      dir: join(folder, 'kafka'),
      libs: join(careflowHome(), 'kafka', 'libs'),
      port: await freePort(),
      controllerPort: await freePort(),
      logFile: join(folder, 'kafka.log'),
    });
  });
  afterAll(() => broker.stop());

  itOutlivesItsServer(
    () => broker,
    (url) => openEventLog(url, { clientId: 'outage-test', appendDeadlineMs: 4_000 }),
  );
});
