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

/** Puts a message that nobody has taken into quarantine, once however often it is sent. */
async function putAside(tx: Queryable, row: LabMessageRow, aside: Aside): Promise<void> {
  const id = asideIdOf(row);
  const { key, sealed } = await sealMessage(id, aside.content);
  if (await keepAside(tx, { ...row, id }, { ...aside, sealed })) {
    await insertMessage(tx, { ...row, id, state: 'quarantined' });
    await insertMessageKey(tx, id, key, aside.now);
  }
}

/** In one order, so that two who put the same messages aside do not wait for one another. */
export async function putAllAside(
  tx: Queryable,
  asides: readonly { readonly row: LabMessageRow; readonly aside: Aside }[],
): Promise<void> {
  const inOrder = asides.toSorted((one, other) => (asideIdOf(one.row) < asideIdOf(other.row) ? -1 : 1));
  for (const { row, aside } of inOrder) await putAside(tx, row, aside);
}

/** What a message is called in quarantine that nobody has taken. */
export function asideIdOf({ sender, controlId, contentHash }: LabMessageRow): string {
  return idOf('aside', sender, controlId, contentHash.toString('hex'));
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
