import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { z } from 'zod';

import type { Faults } from '../../../infra/local/mailbox/faults.ts';
import { SentMessage } from '../../../infra/local/mailbox/sent-messages.ts';
import { type MailboxOptions, startMailbox } from '../../../infra/local/mailbox/start.ts';
import { AppError } from '../../../shared/errors.ts';

/** The local SES/SNS endpoint on a free port with a directory of its own. */
export async function openMailbox(given: Omit<MailboxOptions, 'dir' | 'port'> = {}) {
  const dir = await mkdtemp(join(tmpdir(), 'mailbox-'));
  let running = await startMailbox({ dir, port: 0, ...given });
  const address = (path: string) => new URL(path, running.url);
  return {
    address,
    aws: () => ({
      region: 'eu-west-3',
      endpoint: running.url,
      credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    }),
    list: async (query = '') => Page.parse(await (await fetch(address(`/mailbox${query}`))).json()),
    setFaults: (faults: Partial<Faults>) =>
      fetch(address('/mailbox/faults'), {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(faults),
      }),
    async restart() {
      await running.stop();
      running = await startMailbox({ dir, port: 0, ...given });
    },
    async close() {
      await running.stop();
      await rm(dir, { recursive: true });
    },
  };
}

const Page = z.object({ items: z.array(SentMessage), nextCursor: z.string().nullable() });

/** The AppError that a promise rejects with; whatever else it does is thrown. */
export async function refusal(answer: Promise<unknown>): Promise<AppError> {
  const outcome: unknown = await answer.then(
    () => new Error('was taken'),
    (error: unknown) => error,
  );
  if (outcome instanceof AppError) return outcome;
  throw outcome;
}
