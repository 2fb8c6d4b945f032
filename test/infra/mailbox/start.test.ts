import { SendEmailCommand, SESClient, GetSendQuotaCommand } from '@aws-sdk/client-ses';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { createSnsSender } from '../../../shared/notify/sms.ts';
import { openMailbox } from '../../shared/notify/mailbox.ts';

let mailbox: Awaited<ReturnType<typeof openMailbox>>;

beforeEach(async () => {
  mailbox = await openMailbox({ maxMessages: 5 });
});

afterEach(() => mailbox.close());

async function sendSms(...texts: string[]) {
  const send = createSnsSender(mailbox.aws());
  for (const [index, text] of texts.entries())
    await send({ to: `+3361234567${index % 2}`, text, idempotencyKey: text });
}

const textsOf = async (query = '') => (await mailbox.list(query)).items.map(({ text }) => text);

describe('the mailbox', () => {
  it('lists the newest first, a page at a time', async () => {
    await sendSms('1', '2', '3');
    expect(await textsOf()).toEqual(['3', '2', '1']);
    const { items, nextCursor } = await mailbox.list('?limit=2');
    expect(items.map(({ text }) => text)).toEqual(['3', '2']);
    expect(await textsOf(`?limit=2&cursor=${nextCursor}`)).toEqual(['1']);
  });

  it('selects by recipient and channel', async () => {
    await sendSms('1', '2', '3');
    expect(await textsOf(`?to=${encodeURIComponent('+33612345670')}`)).toEqual(['3', '1']);
    expect(await textsOf('?channel=email')).toEqual([]);
  });

  it('refuses a query it does not know', async () => {
    for (const query of ['?limit=0', '?cursor=x', '?sort=to']) {
      expect((await fetch(mailbox.address(`/mailbox${query}`))).status).toBe(400);
    }
  });

  it('keeps what was sent over a restart', async () => {
    await sendSms('kept');
    await mailbox.restart();
    expect(await textsOf()).toEqual(['kept']);
  });

  it('keeps no more than its bound', async () => {
    await sendSms('1', '2', '3', '4', '5', '6', '7');
    expect(await textsOf()).toEqual(['7', '6', '5', '4', '3']);
  });

  it('can be emptied', async () => {
    await sendSms('1');
    await fetch(mailbox.address('/mailbox'), { method: 'DELETE' });
    expect(await textsOf()).toEqual([]);
  });

  it('is a page for a browser, where no message runs or loads anything', async () => {
    await sendSms('<script>alert("1")</script>');
    const response = await fetch(mailbox.address('/mailbox'), { headers: { accept: 'text/html,*/*' } });
    const page = await response.text();
    expect(response.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(page).toContain('&#60;script&#62;');
    expect(page).not.toContain('<script');
  });
});

describe('the endpoint', () => {
  it('takes an e-mail given in fields, one message for each recipient', async () => {
    const Subject = { Data: 'Hello' };
    const send = new SendEmailCommand({
      Source: 'no-reply@careflow.example',
      Destination: { ToAddresses: ['a@patients.example', 'b@patients.example'] },
      Message: { Subject, Body: { Text: { Data: 'text' }, Html: { Data: '<p>text</p>' } } },
    });
    await new SESClient(mailbox.aws()).send(send);
    const { items } = await mailbox.list();
    expect(items.map(({ to }) => to)).toEqual(['b@patients.example', 'a@patients.example']);
    expect(items[0]).toMatchObject({ subject: 'Hello', text: 'text', html: '<p>text</p>', channel: 'email' });
  });

  it('refuses what it does not know as the provider does', async () => {
    const quota = new SESClient(mailbox.aws()).send(new GetSendQuotaCommand({}));
    await expect(quota).rejects.toMatchObject({ name: 'InvalidAction', $metadata: { httpStatusCode: 400 } });
  });

  it('refuses a fault it does not know', async () => {
    const body = JSON.stringify({ explode: 1 });
    const headers = { 'content-type': 'application/json' };
    const response = await fetch(mailbox.address('/mailbox/faults'), { method: 'POST', headers, body });
    expect(response.status).toBe(400);
  });
});
