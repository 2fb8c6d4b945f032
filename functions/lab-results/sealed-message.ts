import { findMessageKey } from '../../shared/db/lab-messages.ts';
import type { Queryable } from '../../shared/db/client.ts';
import { newSubjectKey, open, seal } from '../../shared/identity/sealed.ts';
import { LabContent } from './lab-content.ts';

/** A message sealed with a key of its own: without the key it is nothing, wherever it lies. */
export type SealedMessage = { readonly key: Buffer; readonly sealed: string };

export async function sealMessage(
  messageId: string,
  content: LabContent,
  key = newSubjectKey(),
): Promise<SealedMessage> {
  return { key: Buffer.from(key), sealed: await seal(key, messageId, content) };
}

/** Undefined where nobody has to read it any more. Throws `unprocessable` for what was not sealed so. */
export async function openMessage(db: Queryable, messageId: string, sealed: string): Promise<LabContent | undefined> {
  const key = await findMessageKey(db, messageId);
  return key && LabContent.parse(await open(key, messageId, sealed));
}
