import { inspect } from 'node:util';

import * as fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import type { Email } from '../../../shared/notify/email.ts';
import { createSesSender } from '../../../shared/notify/email.ts';
import { openMailbox, refusal } from './mailbox.ts';

let mailbox: Awaited<ReturnType<typeof openMailbox>>;

const email: Email = {
  from: 'Careflow <no-reply@careflow.example>',
  to: 'zoe@patients.example',
  subject: 'Votre rendez-vous',
  text: 'À bientôt !\n',
  idempotencyKey: 'event-1/patient/email',
};

const calendar = 'BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nSUMMARY:Zoë\r\nEND:VCALENDAR\r\n';

beforeAll(async () => {
  mailbox = await openMailbox();
});

afterEach(async () => {
  await mailbox.setFaults({});
  await fetch(mailbox.address('/mailbox'), { method: 'DELETE' });
});

afterAll(() => mailbox.close());

const send = (given: Partial<Email> = {}) => createSesSender(mailbox.aws())({ ...email, ...given });

describe('an e-mail', () => {
  it('arrives as written, with the id the provider gave it', async () => {
    const { providerMessageId } = await send({ html: '<p>À bientôt !</p>' });
    const { items } = await mailbox.list();
    expect(items).toEqual([
      {
        id: providerMessageId,
        channel: 'email',
        from: email.from,
        to: email.to,
        subject: email.subject,
        text: expect.stringMatching(/^À bientôt !\r\n/) as unknown,
        html: '<p>À bientôt !</p>',
        sentAt: expect.stringMatching(/^\d{4}-.*Z$/) as unknown,
        idempotencyKey: 'event-1/patient/email',
        attachments: [],
      },
    ]);
  });

  it('keeps long and foreign words whole', async () => {
    const subject = 'Bestätigung: Prüfung der Kostenübernahme für Frau Øyunn Þórdís, 診療 und Weiteres '
      .repeat(3)
      .trim();
    const text = `${'Straße '.repeat(60)}=3D\n.\n`;
    await send({ subject, text });
    const [received] = (await mailbox.list()).items;
    expect(received?.subject).toBe(subject);
    expect(received?.text.replaceAll('\r\n', '\n').trimEnd()).toBe(text.trimEnd());
  });

  it('keeps any words whole', async () => {
    const word = fc
      .string({ unit: 'grapheme', minLength: 1 })
      .map((text) => text.replaceAll(/[\s\p{C}]+/gu, '') || 'x');
    const words = fc.array(word, { minLength: 1, maxLength: 30 }).map((each) => each.join(' '));
    const lines = fc.array(words, { minLength: 1, maxLength: 5 }).map((each) => each.join('\r\n'));
    await fc.assert(
      fc.asyncProperty(words, lines, words, async (subject, text, content) => {
        const attachment = { filename: 'a.ics', contentType: 'text/calendar; charset=utf-8', content };
        await send({ subject, text, attachments: [attachment] });
        const [received] = (await mailbox.list('?limit=1')).items;
        expect([received?.subject, received?.text.trimEnd()]).toEqual([subject, text]);
        expect(received?.attachments[0]?.content).toBe(content);
      }),
      { numRuns: 50 },
    );
  });

  it('carries an invitation both as a file and for the calendar', async () => {
    const contentType = 'text/calendar; method=REQUEST; charset=utf-8';
    await send({ attachments: [{ filename: 'rendez-vous été.ics', contentType, content: calendar }] });
    const [received] = (await mailbox.list()).items;
    expect(received?.attachments).toEqual([
      {
        filename: 'rendez-vous été.ics',
        contentType: expect.stringContaining('method=REQUEST') as unknown,
        content: calendar,
      },
    ]);
    expect(received?.text).toContain('À bientôt');
  });

  it('takes no header or recipient from its words', async () => {
    await send({
      subject: 'Hello\r\nBcc: eve@elsewhere.example\r\n\r\nbody',
      idempotencyKey: 'a\r\nBcc: eve@e.example',
    });
    const { items } = await mailbox.list();
    expect(items.map(({ to }) => to)).toEqual([email.to]);
    expect(items[0]?.subject).toContain('Bcc: eve@elsewhere.example');
  });

  it('goes to one recipient only', async () => {
    const error = await refusal(send({ to: 'a@patients.example, b@patients.example' }));
    expect(error).toMatchObject({ code: 'unprocessable', details: { reason: 'invalid-address' } });
  });
});

describe('a provider', () => {
  it.each([
    ['throttles', { throttle: 1 }],
    ['fails', { fail: 1 }],
  ])('that %s once makes it unavailable once, and sends nothing', async (_how, faults) => {
    await mailbox.setFaults(faults);
    expect((await refusal(send())).code).toBe('unavailable');
    expect((await mailbox.list()).items).toEqual([]);
    await send();
    expect((await mailbox.list()).items).toHaveLength(1);
  });

  it('that does not answer in time is unavailable', async () => {
    await mailbox.setFaults({ hang: 1 });
    const impatient = createSesSender({ ...mailbox.aws(), timeoutMs: 200 });
    expect((await refusal(impatient(email))).code).toBe('unavailable');
  });

  it('that cannot be reached is unavailable', async () => {
    const nowhere = createSesSender({ ...mailbox.aws(), endpoint: 'http://127.0.0.1:1' });
    expect((await refusal(nowhere(email))).code).toBe('unavailable');
  });

  it('that was cut off before its answer has sent it, and is not asked again by itself', async () => {
    await mailbox.setFaults({ disconnect: 1 });
    expect((await refusal(send())).code).toBe('unavailable');
    expect((await mailbox.list()).items).toHaveLength(1);
  });

  it('that refuses a recipient says why without saying whom', async () => {
    await mailbox.setFaults({ reject: [email.to] });
    const error = await refusal(send());
    expect(error).toMatchObject({
      code: 'unprocessable',
      details: { reason: 'message-rejected', providerCode: 'MessageRejected' },
    });
    expect(inspect(await refusal(send({ to: 'zoe@nowhere' })), { depth: 9 })).not.toContain('zoe');
  });
});
