import { randomUUID } from 'node:crypto';

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import type { AnyEvent } from '../../../schemas/events/contract.ts';
import { EmailRequested, SmsRequested } from '../../../schemas/events/jobs.v1.ts';
import { suppressAddress } from '../../../shared/db/suppressed-addresses.ts';
import { destroySubjectKey } from '../../../shared/db/subject-keys.ts';
import { AppError } from '../../../shared/errors.ts';
import { awayDatabase } from '../cron/contexts.ts';
import { addPatient } from '../../support/practices.ts';
import { jobEvent, mailbox, NOON, openWorld, type World } from './world.ts';

let world: World;
let patientId: string;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());
beforeEach(async () => {
  world.clock.now = NOON;
  world.sent.length = 0;
  patientId = await addPatient(world.admin);
});

const mail = { to: 'camille@example.com', subject: 'Hello', text: 'Words of a mail' };
const sms = { to: '+33639980001', text: 'Words of an SMS' };

async function emailJob(content: unknown = mail, more: object = {}): Promise<AnyEvent> {
  return jobEvent(EmailRequested.type, { patientId, sealed: await world.sealFor(patientId, content), ...more });
}

async function runOf({ data }: AnyEvent) {
  const key = Object(data).idempotencyKey;
  const [run] = await world.rows('SELECT * FROM worker.job_runs WHERE idempotency_key = $1', [key]);
  return run;
}

/** A provider that answers in turn: `undefined` takes the message. */
function answering(...answers: readonly (AppError | undefined)[]) {
  const box = mailbox();
  const left = [...answers];
  const send: typeof box.sendEmail = async (email) => {
    const answer = left.shift();
    if (answer) throw answer;
    return box.sendEmail(email);
  };
  return { sent: box.sent, sendEmail: send };
}

const throttled = new AppError('unavailable', 'throttled', { dependency: 'ses' });
const refused = new AppError('unprocessable', 'refused', { reason: 'message-rejected' });

describe('a message', () => {
  it('is opened and sent, and its provider id is kept', async () => {
    const event = await emailJob();
    expect(await world.deliver(event)).toBe(204);
    expect(world.sent).toEqual([
      { channel: 'email', to: mail.to, text: mail.text, key: Object(event.data).idempotencyKey },
    ]);
    expect(await runOf(event)).toMatchObject({ state: 'done', provider_message_id: 'm-1', attempts: 1 });
  });

  it('goes as a text message likewise', async () => {
    const sealed = await world.sealFor(patientId, sms);
    expect(await world.deliver(jobEvent(SmsRequested.type, { patientId, sealed }))).toBe(204);
    expect(world.sent).toMatchObject([{ channel: 'sms', ...sms }]);
  });

  it('is nowhere to be read in what is kept of the job', async () => {
    const event = await emailJob();
    await world.deliver(event);
    const kept = JSON.stringify(await world.rows('SELECT * FROM worker.job_runs'));
    for (const secret of [mail.to, mail.text, mail.subject]) expect(kept).not.toContain(secret);
  });

  it('is sent once, however often it is delivered and asked for', async () => {
    const event = await emailJob();
    const asked = { ...event, id: randomUUID() };
    for (const again of [event, event, asked]) expect(await world.deliver(again)).toBe(204);
    expect(world.sent).toHaveLength(1);
  });

  it('is sent once when it is delivered to several at once', async () => {
    const event = await emailJob();
    const processes = [world, world.startFunction(), world.startFunction()];
    const statuses = await Promise.all(processes.flatMap((one) => [one.deliver(event), one.deliver(event)]));
    expect(statuses.filter((status) => status !== 204 && status !== 409)).toEqual([]);
    expect(world.sent).toHaveLength(1);
    expect(await world.deliver(event)).toBe(204);
  });

  it('to an address that bounced is not sent, and that is kept', async () => {
    const to = `${randomUUID()}@example.com`;
    await suppressAddress(world.deps.contexts.notification, 'email', to, 'bounced');
    const event = await emailJob({ ...mail, to });
    expect(await world.deliver(event)).toBe(204);
    expect([world.sent.length, await runOf(event)]).toMatchObject([
      0,
      { state: 'dropped', reason: 'address-suppressed' },
    ]);
  });

  it('to somebody who was erased meanwhile can be opened by nobody, and is dropped', async () => {
    const event = await emailJob();
    await destroySubjectKey(world.deps.contexts.patient, patientId, NOON);
    expect(await world.deliver(event)).toBe(204);
    expect([world.sent.length, await runOf(event)]).toMatchObject([0, { state: 'dropped', reason: 'patient-erased' }]);
  });

  it.each([
    ['no address', { ...mail, to: '' }],
    ['an unknown member', { ...mail, cc: 'somebody@example.com' }],
    ['no words', 'text'],
  ])('with %s in its seal goes to the dead letters', async (_, content) => {
    const event = await emailJob(content);
    expect(await world.deliver(event)).toBe(422);
    expect(await runOf(event)).toMatchObject({ state: 'refused', reason: 'invalid-content' });
  });

  it("sealed with another patient's key goes to the dead letters", async () => {
    const other = await addPatient(world.admin);
    const event = await emailJob(mail, { sealed: await world.sealFor(other, mail) });
    expect(await world.deliver(event)).toBe(422);
    expect(world.sent).toEqual([]);
  });

  it.each([
    ['no deadline', { deadline: undefined }],
    ['an address in clear', { to: mail.to }],
    ['a seal that is none', { sealed: mail.text }],
  ])('with %s breaks its contract', async (_, more) => {
    expect(await world.deliver(await emailJob(mail, more))).toBe(422);
  });
});

describe('past its deadline', () => {
  it('a job is not done but kept with the reason, and goes to the dead letters', async () => {
    const event = await emailJob();
    world.clock.now = NOON.add({ hours: 1 });
    expect(await world.deliver(event)).toBe(422);
    expect(await world.deliver(event)).toBe(422);
    expect([world.sent.length, await runOf(event)]).toMatchObject([0, { state: 'expired', reason: 'deadline-passed' }]);
  });

  it('a job that is done stays done', async () => {
    const event = await emailJob();
    await world.deliver(event);
    world.clock.now = NOON.add({ hours: 2 });
    expect([await world.deliver(event), (await runOf(event))?.['state']]).toEqual([204, 'done']);
  });

  it('a job that failed until then is given up', async () => {
    const event = await emailJob();
    const { deliver } = world.startFunction(answering(throttled));
    expect(await deliver(event)).toBe(503);
    world.clock.now = NOON.add({ hours: 1 });
    expect([await deliver(event), (await runOf(event))?.['state']]).toEqual([422, 'expired']);
  });

  it('a job that is asked for anew, with time, is done', async () => {
    const event = await emailJob();
    world.clock.now = NOON.add({ hours: 1 });
    await world.deliver(event);
    const deadline = NOON.add({ hours: 3 }).toString();
    const anew = { ...event, id: randomUUID(), data: { ...Object(event.data), deadline } };
    expect([await world.deliver(anew), world.sent.length]).toEqual([204, 1]);
  });
});

describe('a provider', () => {
  it('that is away and comes back takes the message when it is delivered again', async () => {
    const event = await emailJob();
    const provider = answering(throttled, throttled);
    const { deliver } = world.startFunction(provider);
    expect([await deliver(event), await deliver(event)]).toEqual([503, 503]);
    expect(await runOf(event)).toMatchObject({ state: 'failed', reason: 'unavailable', attempts: 2 });
    expect([await deliver(event), provider.sent.length]).toEqual([204, 1]);
    expect(await runOf(event)).toMatchObject({ state: 'done', reason: null, attempts: 3 });
  });

  it('that refuses for good sends the job to the dead letters, from where it is put back', async () => {
    const event = await emailJob();
    const provider = answering(refused);
    const { deliver } = world.startFunction(provider);
    expect(await deliver(event)).toBe(422);
    expect(await runOf(event)).toMatchObject({ state: 'refused', reason: 'message-rejected' });
    expect([await deliver(event), provider.sent.length]).toEqual([204, 1]);
  });

  it('that fails as often as the policy allows is not asked again until somebody puts the job back', async () => {
    const event = await emailJob();
    const { attempts } = EmailRequested.policy;
    const provider = answering(...Array.from({ length: attempts }, () => throttled));
    const { deliver } = world.startFunction(provider);
    const statuses: number[] = [];
    for (let attempt = 0; attempt < attempts; attempt += 1) statuses.push(await deliver(event));
    expect(statuses).toEqual([...Array.from({ length: attempts - 1 }, () => 503), 422]);
    expect(await runOf(event)).toMatchObject({ state: 'refused', reason: 'unavailable', attempts });
    expect([await deliver(event), provider.sent.length, (await runOf(event))?.['attempts']]).toEqual([204, 1, 1]);
  });
});

describe('a crash between sending and recording', () => {
  it('repeats one message at most, and says so', async () => {
    const event = await emailJob();
    const hanging = Promise.withResolvers<never>();
    const box = mailbox();
    const sendEmail: typeof box.sendEmail = async (email) => {
      await box.sendEmail(email);
      return hanging.promise;
    };
    const lost = world.startFunction({ sendEmail }).deliver(event);
    await expect.poll(() => box.sent.length).toBe(1);
    expect(await world.deliver(event)).toBe(409);
    world.clock.now = NOON.add({ seconds: EmailRequested.policy.leaseSeconds });
    expect([await world.deliver(event), await world.deliver(event), world.sent.length]).toEqual([204, 204, 1]);
    expect(await runOf(event)).toMatchObject({ state: 'done', may_repeat: true, attempts: 2 });
    hanging.reject(throttled);
    expect(await lost).toBe(503);
    expect(await runOf(event)).toMatchObject({ state: 'done' });
  });
});

describe('without a database', () => {
  it.each(['db', 'patients'] as const)('(%s) a job is tried again, and done when it is back', async (name) => {
    const away = awayDatabase();
    const event = await emailJob();
    const { deliver } = world.startFunction({ [name]: away });
    expect([await deliver(event), world.sent.length]).toEqual([503, 0]);
    expect([await world.deliver(event), world.sent.length]).toEqual([204, 1]);
    await away.$client.end();
  });
});
