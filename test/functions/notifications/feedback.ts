import { createSign, randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { pino } from 'pino';

import { createSigner } from '../../../infra/local/mailbox/signer.ts';
import { takeFeedback } from '../../../functions/notifications/take-feedback.ts';
import { takeFeedback as contract } from '../../../schemas/api/notifications.ts';
import { signedText, type SnsMessage } from '../../../shared/notify/sns-message.ts';
import { route } from '../../../shared/runtime/route.ts';
import { buildServer } from '../../../shared/runtime/server.ts';
import { MORNING, type World } from './world.ts';

export const TOPIC = 'arn:aws:sns:eu-west-3:123456789012:ses-feedback';
const PATH = '/fr/notifications/feedback';

type Posted = { readonly type?: string; readonly path?: string };

/** The door for what providers tell, and a topic of its own key that tells it. */
export async function openFeedback(world: World) {
  const sns = await openSns();
  const operation = takeFeedback({
    db: world.db,
    patients: world.patients,
    now: world.now,
    topic: { topicArn: TOPIC, endpoint: sns.url },
  });
  const routes = [route(contract, operation)];
  const fn = { name: 'notifications', routes, subscriptions: [], dependencies: {}, close: async () => undefined };
  const app = buildServer(fn, { log: pino({ level: 'silent' }) });
  return {
    ...sns,
    async post(message: object | string, { type = 'text/plain; charset=UTF-8', path = PATH }: Posted = {}) {
      const payload = typeof message === 'string' ? message : JSON.stringify(message);
      return (await app.inject({ method: 'POST', url: path, headers: { 'content-type': type }, payload })).statusCode;
    },
    async close() {
      await Promise.all([app.close(), sns.close()]);
    },
  };
}

/** A topic of its own key, whose certificate it shows. */
async function openSns() {
  const signer = createSigner(Temporal.Now.instant());
  const asked: string[] = [];
  let answering = true;
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    response.statusCode = answering ? 200 : 500;
    response.end(signer.certificate);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;
  return {
    url,
    asked,
    answers: (does: boolean) => {
      answering = does;
    },
    /** A message that is right in all but what is given; signed last. */
    message(
      given: Partial<Record<keyof SnsMessage | 'Subject' | 'Token' | 'SubscribeURL', string>>,
      key = signer.privateKey,
    ) {
      const whole = {
        Type: 'Notification',
        MessageId: randomUUID(),
        TopicArn: TOPIC,
        Message: '{}',
        Timestamp: MORNING,
        SignatureVersion: '2',
        SigningCertURL: `${url}/certificate.pem`,
        ...given,
      } as SnsMessage;
      const algorithm = whole.SignatureVersion === '1' ? 'RSA-SHA1' : 'RSA-SHA256';
      return { ...whole, Signature: createSign(algorithm).update(signedText(whole)).sign(key, 'base64') };
    },
    close: () => new Promise((resolve) => server.close(resolve)),
  };
}
