import { EmailContent, type EmailRequested } from '../../schemas/events/jobs.v1.ts';
import type { JobWork } from './run-job.ts';
import { type SendDeps, sendSealed } from './send-sealed.ts';

/** Sends an e-mail to a patient. */
export function sendEmail(deps: SendDeps): JobWork<typeof EmailRequested> {
  const { sendEmail: send, emailFrom: from } = deps;
  return (data) =>
    sendSealed(deps, {
      data,
      channel: 'email',
      schema: EmailContent,
      send: (content) => send({ ...content, from, idempotencyKey: data.idempotencyKey }),
    });
}
