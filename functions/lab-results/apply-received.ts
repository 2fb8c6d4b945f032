import type { LabMessageReceived, LabResultSubmitted, LisRecordFound } from '../../schemas/events/lab-message.v1.ts';
import type { EventOf } from '../../schemas/events/contract.ts';
import type { Queryable } from '../../shared/db/client.ts';
import { once } from '../../shared/db/inbox.ts';
import {
  claimMessage,
  destroyMessageKey,
  findMessageKey,
  insertMessage,
  insertMessageKey,
  type LabMessageRow,
  markPublished,
  type MessageClaim,
  setMessageState,
} from '../../shared/db/lab-messages.ts';
import { releaseIfWaiting } from '../../shared/db/lab-quarantine.ts';
import type { OutgoingEvent } from '../../shared/db/outbox.ts';
import { laboratoryInbox } from '../../shared/db/schema/laboratory.ts';
import type { LabFault } from '../../shared/domain/lab-fault.ts';
import { AppError } from '../../shared/errors.ts';
import type { EventContext, EventHandler } from '../../shared/runtime/function.ts';
import { applyMessage, takeReports } from './apply-message.ts';
import type { At, Deps } from './deps.ts';
import { countryOf } from './find-patient.ts';
import {
  fhir,
  hashOf,
  hl7,
  ownJson,
  type ParsedContent,
  type ReadContent,
  readContent,
  type RefusedContent,
  type Sent,
} from './lab-content.ts';
import { keepAside, putAllAside } from './put-aside.ts';
import { openMessage, sealMessage } from './sealed-message.ts';
import { byNumber, messageRow } from './take-messages.ts';

/** The inbox's name for what this function makes of events. */
const CONSUMER = 'lab-results';

/** Applies a message that this function took: what it says is known, or it is in quarantine. */
export function applyReceived(deps: Deps): EventHandler<typeof LabMessageReceived> {
  return async (event, context) => {
    const { messageId, country, sealed } = event.data;
    const receivedAt = Temporal.Instant.from(event.data.receivedAt);
    await applyOnce(deps, event, context, async (tx, at) => {
      const content = await openMessage(tx, messageId, sealed);
      if (content === undefined) return [];
      const [read] = await readContent({ ...content, bytes: Buffer.from(content.text) }, { ...deps, country });
      // It was read when it was taken: what says no more now was sealed by another release of this function.
      if (read?.outcome !== 'parsed') throw new AppError('unprocessable', 'What was taken can be read no more.');
      const row = { ...messageRow(read, { country, now: receivedAt, via: 'http' }), id: messageId };
      await takeReports(tx, [read.message]);
      return apply(deps, tx, { row, read, sealed }, at);
    });
  };
}

/** Applies results that another system wrote into the topic as an event of our own type. */
export function applySubmitted(deps: Deps): EventHandler<typeof LabResultSubmitted> {
  return async (event, context) =>
    applySent(deps, event, context, {
      mediaType: ownJson,
      bytes: Buffer.from(JSON.stringify(event.data)),
      sender: event.source,
    });
}

/** Applies HL7 v2 or FHIR that another system wrote into the topic as it is. */
export function applyRecord(deps: Deps): EventHandler<typeof LisRecordFound> {
  return async (event, context) => {
    const bytes = Buffer.from(event.data, 'base64');
    const isJson = /^\s*\{/.test(bytes.toString());
    await applySent(deps, event, context, { mediaType: isJson ? fhir : hl7, bytes, sender: 'lis-results' });
  };
}

type AnyArrival = Pick<EventOf<typeof LisRecordFound>, 'id' | 'source'>;

/**
 * Nobody is answered here: what cannot be read is put aside, and a number that is used again too. Everything that others may want
 * is taken before anything is applied.
 */
async function applySent(deps: Deps, event: AnyArrival, context: EventContext, sent: Sent): Promise<void> {
  const reads = await readContent(sent, { ...deps, country: undefined });
  await applyOnce(deps, event, context, async (tx, at) => {
    const claimed = await claimAll(deps, tx, reads, at);
    await takeReports(
      tx,
      claimed.map(({ read }) => read.message),
    );
    const events: OutgoingEvent[] = [];
    for (const one of claimed) events.push(...(await applyClaimed(deps, tx, one, at)));
    return events;
  });
}

type Claimed = { readonly read: ParsedContent; readonly row: LabMessageRow; readonly claim: MessageClaim };

/**
 * Takes the numbers of what can be read in one order, so that two who bring the same messages do not wait for one another, and
 * puts the rest aside. @returns what may be applied, in the order in which it came.
 */
async function claimAll(deps: Deps, tx: Queryable, reads: readonly ReadContent[], { now }: At): Promise<Claimed[]> {
  const claims = new Map<ReadContent, Claimed>();
  for (const read of reads.filter((each) => each.outcome === 'parsed').toSorted(byNumber)) {
    const country = await countryOf(deps, read.message.reports);
    const row = messageRow(read, { country, now, via: 'topic' });
    claims.set(read, { read, row, claim: await claimMessage(tx, row) });
  }
  const all = reads.flatMap((read) => claims.get(read) ?? []);
  const reused = all.filter(({ claim }) => claim.is === 'reused');
  await putAllAside(tx, [
    ...reads.flatMap((read) => (read.outcome === 'parsed' ? [] : [unreadable(read, now)])),
    ...reused.map(({ row, read: { content } }) => ({
      row,
      aside: { content, reason: 'control-id-reused', now } as const,
    })),
  ]);
  return all.filter((one) => !reused.includes(one));
}

function unreadable(read: RefusedContent, now: Temporal.Instant) {
  const details = read.faults.slice(0, MOST_DETAILS).map(placeOf);
  return { row: unreadRow(read, now), aside: { content: read.content, reason: 'unreadable', details, now } as const };
}

async function applyClaimed(
  deps: Deps,
  tx: Queryable,
  { read, row, claim }: Claimed,
  at: At,
): Promise<OutgoingEvent[]> {
  if (claim.is === 'repeated') return applyUnpublished(deps, tx, { read, row, claim }, at);
  await insertMessage(tx, row);
  const { key, sealed } = await sealMessage(row.id, read.content);
  await insertMessageKey(tx, row.id, key, at.now);
  return apply(deps, tx, { row, read, sealed }, at);
}

type Repeated = Claimed & { readonly claim: Extract<MessageClaim, { is: 'repeated' }> };

/** What was sent over HTTP as well may never have got from there into the log: it is applied as the message it was then. */
async function applyUnpublished(
  deps: Deps,
  tx: Queryable,
  { read, row, claim: { messageId: id, receivedAt, isPublished } }: Repeated,
  at: At,
): Promise<OutgoingEvent[]> {
  const key = isPublished ? undefined : await findMessageKey(tx, id);
  if (!key) return [];
  const { sealed } = await sealMessage(id, read.content, key);
  return apply(deps, tx, { row: { ...row, id, receivedAt }, read, sealed }, at);
}

type Arrived = { readonly row: LabMessageRow; readonly read: ParsedContent; readonly sealed: string };

/** What is applied is read no more, so its key goes with the commit; what is put aside is nobody's to publish any more. */
async function apply(deps: Deps, tx: Queryable, { row, read, sealed }: Arrived, at: At): Promise<OutgoingEvent[]> {
  const { message } = read;
  const applied = await applyMessage(deps, tx, { message, receivedAt: row.receivedAt, country: row.country }, at);
  if (!applied.isApplied) {
    await keepAside(tx, row, { reason: 'wrong-patient', details: applied.reasons, now: at.now, sealed });
    await setMessageState(tx, row, 'quarantined');
    await markPublished(tx, row, at.now);
    return [];
  }
  await releaseIfWaiting(tx, row.id, { decidedBy: CONSUMER, decidedAt: at.now });
  await destroyMessageKey(tx, row.id);
  await setMessageState(tx, row, 'applied', applied.country);
  return [...applied.events];
}

async function applyOnce(
  { db, now, publish }: Deps,
  event: AnyArrival,
  { traceparent }: EventContext,
  work: (tx: Queryable, at: At) => Promise<OutgoingEvent[]>,
): Promise<void> {
  const at = { now: now(), traceparent };
  const events = await once(db, laboratoryInbox, CONSUMER, event, (tx) => work(tx, at));
  if (events) publish(events.map(({ partitionKey }) => partitionKey));
}

const MOST_DETAILS = 20;

function unreadRow({ content, header }: RefusedContent, now: Temporal.Instant): LabMessageRow {
  const known = { sender: keepable(header?.sender ?? content.sender), controlId: keepable(header?.controlId ?? '') };
  const facts = { mediaType: content.mediaType, contentHash: hashOf(content), via: 'topic' as const };
  return { ...known, ...facts, id: '', receivedAt: now, country: null, state: 'received' };
}

/** PostgreSQL keeps neither U+0000 nor half a surrogate pair. */
function keepable(text: string): string {
  return text.replaceAll('\0', '\uFFFD').toWellFormed();
}

/** Where a fault is, as `PID-3` or `Bundle.entry[0]`, with its code of HL7 table 0357. */
function placeOf({ code, place, expression }: LabFault): string {
  if (!place) return `${expression ?? ''} ${code}`.trim();
  const { segment, occurrence, field, component } = place;
  const parts = [field, component].filter((part) => part !== undefined);
  return `${[`${segment}[${occurrence}]`, ...parts].join('-')} ${code}`;
}
