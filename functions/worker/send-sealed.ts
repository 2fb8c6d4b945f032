import type * as z from 'zod';

import type { JobEnd } from '../../shared/db/job-runs.ts';
import type { Channel } from '../../shared/domain/notification.ts';
import { AppError } from '../../shared/errors.ts';
import type { Deps } from './deps.ts';
import { isSuppressed } from './suppression.ts';

export type SendDeps = Pick<Deps, 'patients' | 'seals' | 'sendEmail' | 'sendSms' | 'emailFrom'> & {
  readonly contexts: Pick<Deps['contexts'], 'notification'>;
};

type Message<Content> = {
  readonly data: { readonly patientId: string; readonly sealed: string };
  readonly channel: Channel;
  readonly schema: z.ZodType<Content>;
  readonly send: (content: Content) => Promise<{ providerMessageId: string }>;
};

/** Opens a message and sends it, unless its patient was erased or nobody is written to at its address. */
export async function sendSealed<Content extends { readonly to: string }>(
  { contexts, patients, seals }: SendDeps,
  { data, channel, schema, send }: Message<Content>,
): Promise<JobEnd> {
  const opened = await seals.unseal(patients, data.patientId, data.sealed);
  if (opened === undefined) return { state: 'dropped', reason: 'patient-erased' };
  const content = mustBe(schema, opened);
  if (await isSuppressed(contexts.notification, channel, content.to)) {
    return { state: 'dropped', reason: 'address-suppressed' };
  }
  return { state: 'done', ...(await send(content)) };
}

function mustBe<Content>(schema: z.ZodType<Content>, opened: unknown): Content {
  const checked = schema.safeParse(opened);
  if (checked.success) return checked.data;
  throw new AppError('unprocessable', 'What was sealed is no message.', { reason: 'invalid-content' });
}
