import { SmsContent, type SmsRequested } from '../../schemas/events/jobs.v1.ts';
import type { JobWork } from './run-job.ts';
import { type SendDeps, sendSealed } from './send-sealed.ts';

/** Sends a text message to a patient. */
export function sendSms(deps: SendDeps): JobWork<typeof SmsRequested> {
  const { sendSms: send } = deps;
  return (data) =>
    sendSealed(deps, {
      data,
      channel: 'sms',
      schema: SmsContent,
      send: (content) => send({ ...content, idempotencyKey: data.idempotencyKey }),
    });
}
