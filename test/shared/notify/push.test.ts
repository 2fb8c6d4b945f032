import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';

import { createPushSender } from '../../../shared/notify/push.ts';
import { openMailbox, refusal } from './mailbox.ts';

let mailbox: Awaited<ReturnType<typeof openMailbox>>;
beforeAll(async () => {
  mailbox = await openMailbox();
});
afterEach(() => mailbox.setFaults({}));
afterAll(() => mailbox.close());

const to = 'arn:aws:sns:eu-west-3:000000000000:endpoint/GCM/careflow/5e3e9847-3183-3f18-a7e8-671c3a57d4b3';

function send(target = to) {
  return createPushSender(mailbox.aws())({ to: target, text: 'Un « résultat » est disponible', idempotencyKey: 'd-1' });
}

it('arrives at an endpoint as written, with the id the provider gave it', async () => {
  const { providerMessageId } = await send();
  expect((await mailbox.list('?channel=push')).items).toMatchObject([
    { id: providerMessageId, channel: 'push', to, text: 'Un « résultat » est disponible', idempotencyKey: 'd-1' },
  ]);
});

it('takes the place of itself on the screen where it is sent again', async () => {
  const asked: URLSearchParams[] = [];
  const answer = '<PublishResponse><PublishResult><MessageId>m-1</MessageId></PublishResult></PublishResponse>';
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      asked.push(new URLSearchParams(body));
      response.end(answer);
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const endpoint = `http://127.0.0.1:${port}`;
  await createPushSender({ ...mailbox.aws(), endpoint })({ to, text: 'Neu', idempotencyKey: 'd-1' });
  server.close();
  const [form] = asked;
  const names = [...(form ?? [])]
    .filter(([, value]) => value === 'AWS.SNS.MOBILE.APNS.COLLAPSE_ID')
    .map(([name]) => name);
  expect(names.map((name) => form?.get(name.replace(/Name$/, 'Value.StringValue')))).toEqual(['d-1']);
  const { GCM } = JSON.parse(form?.get('Message') ?? '{}');
  expect(JSON.parse(GCM).fcmV1Message.message.android.notification).toEqual({ tag: 'd-1' });
});

it.each([
  ['throttles', { throttle: 1 }, 'unavailable'],
  ['fails', { fail: 1 }, 'unavailable'],
  ['knows that the app is gone', { reject: [to] }, 'endpoint-disabled'],
  ['knows the endpoint no more', { deleted: [to] }, 'endpoint-disabled'],
])('tells apart a provider that %s', async (_, faults, expected) => {
  await mailbox.setFaults(faults);
  const { code, details } = await refusal(send());
  expect(details['reason'] ?? code).toBe(expected);
});

it('is refused where it is given no endpoint', async () => {
  expect(await refusal(send('arn:aws:s3:::bucket'))).toMatchObject({ details: { reason: 'invalid-address' } });
});
