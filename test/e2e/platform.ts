import { z } from 'zod';

import { requestToken } from '../../infra/local/oidc/request-token.ts';
import { type RunningPlatform, startPlatform } from '../../infra/local/platform.ts';
import { freePort } from '../../infra/local/services/free-port.ts';
import { createEmptyDatabase } from '../support/services/database.ts';
import { type EventLogName, eventLogUrl, hasKafka } from '../support/services/event-logs.ts';
import { createRedisDatabase } from '../support/services/redis-database.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

export type Sample = { practitionerId: string; visitTypeId: string; patientId: string };

export type TestPlatform = {
  readonly running: RunningPlatform;
  /** Where its data and keys are. */
  readonly home: string;
  readonly sample: Sample;
  /** What the functions logged, a parsed line each. */
  readonly lines: Record<string, unknown>[];
  token(role: string, subject: string): Promise<string>;
  call(path: string, token: string, body?: object): Promise<Response>;
  stop(): Promise<void>;
};

const WithId = z.object({ id: z.string() });
const Samples = z.object({
  fr: z.object({ practitioners: z.array(WithId.extend({ visitTypes: z.array(WithId) })), patients: z.array(WithId) }),
});

/**
 * The whole platform as `npm start` runs it, on the test run's PostgreSQL and Redis and the event log asked for: Kafka where this
 * machine can run it, unless said otherwise.
 */
export async function startTestPlatform(
  eventLog: EventLogName = hasKafka ? 'kafka' : 'postgres',
): Promise<TestPlatform> {
  const [database, redisUrl, home, port] = await Promise.all([
    createEmptyDatabase(),
    createRedisDatabase(),
    temporaryFolder(),
    freePort(),
  ]);
  const lines: Record<string, unknown>[] = [];
  const running = await startPlatform({
    home,
    port,
    eventLog,
    environment: {
      DATABASE_URL: database.url,
      REDIS_URL: redisUrl,
      EVENT_LOG_URL: eventLogUrl(eventLog, database.url),
    },
    onProgress: () => undefined,
    onLine: (_, line) => {
      if (line.startsWith('{')) lines.push(JSON.parse(line));
    },
  });
  const { gateway, oidc } = running.platform;
  return {
    running,
    home,
    sample: await readSample(gateway),
    lines,
    token: (role, subject) => requestToken(oidc, { role, subject, country: 'fr', scope: undefined }),
    call: (path, token, body) =>
      fetch(`${gateway}${path}`, {
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        ...(body && { method: 'POST', body: JSON.stringify(body) }),
      }),
    async stop() {
      await running.stop();
      await database.drop();
    },
  };
}

async function readSample(gateway: string): Promise<Sample> {
  const response = await fetch(`${gateway}/samples`);
  const { fr } = Samples.parse(await response.json());
  const [practitioner] = fr.practitioners;
  const [visitType] = practitioner?.visitTypes ?? [];
  const [patient] = fr.patients;
  if (!practitioner || !visitType || !patient) throw new Error('there is no sample data');
  return { practitionerId: practitioner.id, visitTypeId: visitType.id, patientId: patient.id };
}
