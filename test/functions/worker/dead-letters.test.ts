import { fileURLToPath } from 'node:url';

import { Agent } from 'undici';
import { afterAll, beforeAll, expect, it } from 'vitest';

import { readLetters, unmarked } from '../../../infra/dead-letters/letters.ts';
import { readMarks } from '../../../infra/dead-letters/marks.ts';
import { redrive } from '../../../infra/dead-letters/redrive.ts';
import { systemClock } from '../../../infra/local/knative/clock.ts';
import { startKafkaSinks } from '../../../infra/local/knative/kafka-sink.ts';
import { startKafkaSource } from '../../../infra/local/knative/kafka-source.ts';
import { renderKustomization } from '../../../infra/local/knative/kustomize.ts';
import { parseResources } from '../../../infra/local/knative/resources.ts';
import { readTopics } from '../../../infra/local/services/topics.ts';
import { EmailRequested } from '../../../schemas/events/jobs.v1.ts';
import { AppError } from '../../../shared/errors.ts';
import { encodeEvent } from '../../../shared/events/encode.ts';
import { openEventLog } from '../../../shared/events/open-event-log.ts';
import { addPatient } from '../../support/practices.ts';
import { until } from '../../support/until.ts';
import { jobEvent, mailbox, openWorld, type World } from './world.ts';

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

const overlay = fileURLToPath(new URL('../../../knative/overlays/local', import.meta.url));

/** The worker's source and sink as its manifest has them, over an event log in PostgreSQL. */
async function startDelivery(url: string) {
  const { kafkaSources, kafkaSinks } = parseResources(await renderKustomization(overlay));
  const source = kafkaSources.find(({ metadata }) => metadata.name === 'worker');
  if (!source) throw new Error('the worker has no source');
  const eventLog = openEventLog(world.database.url, { clientId: 'test' });
  await eventLog.ensureTopics(await readTopics({ brokers: 1 }));
  const sinks = await startKafkaSinks(kafkaSinks, eventLog);
  const dispatcher = new Agent();
  const started = await startKafkaSource(source, {
    eventLog,
    dispatcher,
    clock: systemClock,
    resolve: ({ ref }) => (ref?.kind === 'KafkaSink' ? sinks.url(ref.name) : `${url}/events`),
    log: () => undefined,
  });
  const stop = async () => {
    await started.stop();
    await Promise.all([sinks.stop(), dispatcher.close()]);
    await eventLog.close();
  };
  return { eventLog, stop };
}

it('a job that is refused for good lies among the dead letters with its reason, and is done when it is put back', async () => {
  const box = mailbox();
  let isMended = false;
  const sendEmail: typeof box.sendEmail = async (email) => {
    if (!isMended) throw new AppError('unprocessable', 'refused', { reason: 'message-rejected' });
    return box.sendEmail(email);
  };
  const { eventLog, stop } = await startDelivery(await world.startFunction({ sendEmail }).listen());
  const patientId = await addPatient(world.admin);
  const sealed = await world.sealFor(patientId, { to: 'camille@example.com', subject: 'Hello', text: 'Words' });
  const event = { ...jobEvent(EmailRequested.type, { patientId, sealed }), partitionkey: patientId };
  await eventLog.append([encodeEvent('jobs', event)]);

  const dead = async () => Array.fromAsync(readLetters(eventLog, ['dead-letters-worker']));
  await until(async () => (await dead()).length > 0, { what: 'the dead letter' });
  expect(await dead()).toMatchObject([
    { id: event.id, topic: 'jobs', failure: { status: 422, reason: 'unprocessable' } },
  ]);
  expect(await world.rows('SELECT state, reason FROM worker.job_runs')).toEqual([
    { state: 'refused', reason: 'message-rejected' },
  ]);

  isMended = true;
  const marksTopic = 'redriven-dead-letters';
  const marks = await readMarks(eventLog, marksTopic);
  const options = { marks, marksTopic, now: world.clock.now, to: undefined, force: false, dryRun: false };
  const letters = unmarked(readLetters(eventLog, ['dead-letters-worker']), marks);
  const put = await Array.fromAsync(redrive(eventLog, letters, options));
  expect(put.map(({ outcome }) => outcome.kind)).toEqual(['redriven']);
  await until(() => box.sent.length > 0, { what: 'the message' });
  const isDone = async () => (await world.rows("SELECT FROM worker.job_runs WHERE state = 'done'")).length === 1;
  await until(isDone, { what: 'the record of it' });
  expect([box.sent.length, (await dead()).length]).toEqual([1, 1]);
  await stop();
});
