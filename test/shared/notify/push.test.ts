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

it.each([
  ['throttles', { throttle: 1 }, 'unavailable'],
  ['fails', { fail: 1 }, 'unavailable'],
  ['knows that the app is gone', { reject: [to] }, 'endpoint-disabled'],
])('tells apart a provider that %s', async (_, faults, expected) => {
  await mailbox.setFaults(faults);
  const { code, details } = await refusal(send());
  expect(details['reason'] ?? code).toBe(expected);
});

it('is refused where it is given no endpoint', async () => {
  expect(await refusal(send('arn:aws:s3:::bucket'))).toMatchObject({ details: { reason: 'invalid-address' } });
});
