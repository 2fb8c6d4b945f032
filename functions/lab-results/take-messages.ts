import { createHash, randomUUIDv7 } from 'node:crypto';

import { LabMessageReceived } from '../../schemas/events/lab-message.v1.ts';
import type { Queryable } from '../../shared/db/client.ts';
import {
  claimMessage,
  findMessageKey,
  insertMessage,
  insertMessageKey,
  type LabMessageRow,
  markPublished,
} from '../../shared/db/lab-messages.ts';
import { outgoing, type OutgoingEvent } from '../../shared/db/outbox.ts';
import type { At, Deps } from './deps.ts';
import { hashOf, type ParsedContent } from './lab-content.ts';
import { asideIdOf, putAllAside } from './put-aside.ts';
import { sealMessage } from './sealed-message.ts';

export type Taken = {
  readonly messageId: string;
  readonly outcome: 'accepted' | 'repeated' | 'reused';
};

type Claimed = Taken & { readonly row: LabMessageRow; readonly event?: OutgoingEvent };

/**
 * Takes messages: resolves when each is durable in the log, or was before, or is in quarantine for its number. Throws
 * `unavailable` where that cannot be told: nothing is promised then, and the same messages may be sent again.
 */
export async function takeMessages(
  { db, append }: Pick<Deps, 'db' | 'append'>,
  contents: readonly ParsedContent[],
  { country, now, traceparent }: At & { readonly country: string },
): Promise<Taken[]> {
  const claimed = await db.transaction(async (tx) => {
    const claims = new Map<ParsedContent, Claimed>();
    // In one order, so that two who send the same batch do not wait for one another.
    for (const content of contents.toSorted(byNumber))
      claims.set(content, await claim(tx, content, { country, now, traceparent }));
    const reused = [...claims].filter(([, { outcome }]) => outcome === 'reused');
    await putAllAside(
      tx,
      reused.map(([{ content }, { row }]) => ({ row, aside: { content, reason: 'control-id-reused', now } })),
    );
    return contents.flatMap((content) => claims.get(content) ?? []);
  });
  const events = claimed.flatMap(({ event }) => event ?? []);
  await append(events);
  for (const { row, event } of claimed) if (event) await markPublished(db, row, now);
  return claimed;
}

/** Of two with one number the first to come stays the first. */
export function byNumber({ message: one }: ParsedContent, { message: other }: ParsedContent): number {
  if (numberOf(one) === numberOf(other)) return 0;
  return numberOf(one) < numberOf(other) ? -1 : 1;
}

function numberOf({ sender, controlId }: { sender: string; controlId: string }): string {
  return `${sender}\n${controlId}`;
}

async function claim(
  tx: Queryable,
  parsed: ParsedContent,
  { country, now, traceparent }: At & { readonly country: string },
): Promise<Claimed> {
  const row = messageRow(parsed, { country, now, via: 'http' });
  const claimed = await claimMessage(tx, row);
  if (claimed.is === 'reused') return { messageId: asideIdOf(row), outcome: 'reused', row };
  if (claimed.is === 'new') {
    await insertMessage(tx, row);
    const { key, sealed } = await sealMessage(row.id, parsed.content);
    await insertMessageKey(tx, row.id, key, now);
    const event = received(row, parsed, { country, sealed, now, traceparent });
    return { messageId: row.id, outcome: 'accepted', row, event };
  }
  const known = { ...row, id: claimed.messageId, receivedAt: claimed.receivedAt };
  const taken = { messageId: known.id, outcome: 'repeated' as const, row: known };
  // Whoever sent it first may never have got it into the log.
  const key = claimed.isPublished ? undefined : await findMessageKey(tx, known.id);
  if (!key) return taken;
  const { sealed } = await sealMessage(known.id, parsed.content, key);
  return { ...taken, event: received(known, parsed, { country, sealed, now, traceparent }) };
}

export function messageRow(
  { content, message: { sender, controlId } }: ParsedContent,
  { country, now, via }: { country: string | null; now: Temporal.Instant; via: 'http' | 'topic' },
): LabMessageRow {
  const { mediaType } = content;
  const contentHash = hashOf(content);
  return {
    id: randomUUIDv7(),
    receivedAt: now,
    country,
    sender,
    controlId,
    contentHash,
    mediaType,
    via,
    state: 'received',
  };
}

function received(
  { id, receivedAt }: LabMessageRow,
  { message: { sender, reports } }: ParsedContent,
  { country, sealed, now, traceparent }: At & { country: string; sealed: string },
): OutgoingEvent {
  return outgoing(LabMessageReceived, {
    id,
    subject: id,
    partitionKey: orderKey(sender, reports[0]?.fillerOrder.value ?? ''),
    time: now,
    traceparent,
    data: { messageId: id, country, receivedAt: receivedAt.toString(), sealed },
  });
}

/** What is said of one order stays in order; the order's number is nobody's to read in a topic. */
function orderKey(sender: string, fillerOrder: string): string {
  return createHash('sha256').update(`${sender}\n${fillerOrder}`).digest('base64url').slice(0, 22);
}
