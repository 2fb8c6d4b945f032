import type { Queryable } from '../../shared/db/client.ts';
import { insertMessage, insertMessageKey, type LabMessageRow } from '../../shared/db/lab-messages.ts';
import { quarantine } from '../../shared/db/lab-quarantine.ts';
import type { QuarantineReason } from '../../shared/db/schema/laboratory.ts';
import { idOf } from '../../shared/db/derived-ids.ts';
import type { LabContent } from './lab-content.ts';
import { sealMessage } from './sealed-message.ts';

export type Aside = {
  readonly content: LabContent;
  readonly reason: QuarantineReason;
  /** What speaks against it, in the words of a program. */
  readonly details?: readonly string[];
  readonly now: Temporal.Instant;
};

/**
 * Puts a message that nobody has taken into quarantine, once however often it is sent.
 * @returns its id there.
 */
export async function putAside(tx: Queryable, row: LabMessageRow, aside: Aside): Promise<string> {
  const id = idOf('aside', row.sender, row.controlId, row.contentHash.toString('hex'));
  const { key, sealed } = await sealMessage(id, aside.content);
  if (await keepAside(tx, { ...row, id }, { ...aside, sealed })) {
    await insertMessage(tx, { ...row, id, state: 'quarantined' });
    await insertMessageKey(tx, id, key, aside.now);
  }
  return id;
}

/** Puts a message that was taken, and has its key, into quarantine. @returns whether it was not there. */
export async function keepAside(
  tx: Queryable,
  { id, country, sender, controlId, mediaType }: LabMessageRow,
  { reason, details = [], now, sealed }: Omit<Aside, 'content'> & { readonly sealed: string },
): Promise<boolean> {
  const facts = { country, sender, controlId, mediaType, reason, details: [...details], sealed };
  return quarantine(tx, { ...facts, id, messageId: id, receivedAt: now });
}
