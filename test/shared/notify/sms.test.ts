import { inspect } from 'node:util';

import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import type { Sms } from '../../../shared/notify/sms.ts';
import { createSnsSender } from '../../../shared/notify/sms.ts';
import { openMailbox, refusal } from './mailbox.ts';

let mailbox: Awaited<ReturnType<typeof openMailbox>>;

const sms: Sms = { to: '+33612345678', text: 'Rendez-vous confirmé : 9 h & €', idempotencyKey: 'event-1/patient/sms' };

beforeAll(async () => {
  mailbox = await openMailbox();
});

afterEach(async () => {
  await mailbox.setFaults({});
  await fetch(mailbox.address('/mailbox'), { method: 'DELETE' });
});

afterAll(() => mailbox.close());

const send = (given: Partial<Sms> = {}) =>
  createSnsSender({ ...mailbox.aws(), senderId: 'Careflow' })({ ...sms, ...given });

describe('an SMS', () => {
  it('arrives as written, with the id the provider gave it', async () => {
    const { providerMessageId } = await send();
    expect((await mailbox.list()).items).toEqual([
      {
        ...sms,
        id: providerMessageId,
        channel: 'sms',
        from: 'Careflow',
        subject: '',
        attachments: [],
        sentAt: expect.any(String) as unknown,
      },
    ]);
  });
});

describe('a provider', () => {
  it.each([
    ['throttles', { throttle: 1 }, 'unavailable'],
    ['fails', { fail: 1 }, 'unavailable'],
    ['is cut off before its answer', { disconnect: 1 }, 'no-answer'],
    ['knows that the recipient opted out', { reject: [sms.to] }, 'opted-out'],
  ])('that %s is told apart', async (_how, faults, expected) => {
    await mailbox.setFaults(faults);
    const { code, details } = await refusal(send());
    expect(details['reason'] ?? code).toBe(expected);
  });

  it('that is given no phone number says so without repeating it', async () => {
    const error = await refusal(send({ to: '0612345678' }));
    expect(error).toMatchObject({ code: 'unprocessable', details: { reason: 'invalid-address' } });
    expect(inspect(error, { depth: 9 })).not.toContain('0612345678');
  });
});
