import { eq, getTableColumns, inArray } from 'drizzle-orm';
import { z } from 'zod';

import { SentMessage } from '../../infra/local/mailbox/sent-messages.ts';
import type { Database } from '../../shared/db/client.ts';
import { getPractitionerContact, listPatientRecipients } from '../../shared/db/recipients.ts';
import { deliveries, notices } from '../../shared/db/schema/notification.ts';
import { markSuppressed } from '../../shared/db/suppressed-addresses.ts';
import {
  channelsTo,
  type NotificationKind,
  type Recipient,
  unreachableBecause,
} from '../../shared/domain/notification.ts';
import { type Check, checkAll } from './check.ts';
import type { EventsByBooking } from './event-proof.ts';
import type { AnsweredBooking } from './ledger.ts';
import type { ProofSource } from './proof-source.ts';

type Delivery = typeof deliveries.$inferSelect & Pick<typeof notices.$inferSelect, 'kind' | 'eventId'>;
type Messages = ReadonlyMap<string, readonly SentMessage[]>;

/** Both parties were told the last news of each booking in every way they allow, once. */
export async function checkMessages(source: ProofSource, events: EventsByBooking): Promise<Check[]> {
  const { db, ledger } = source;
  const written = await listDeliveries(db, [...ledger.bookings.keys()]);
  const messages = await readMessages(source);
  const strange = await listStrange(db, messages, written);
  const recipientsOf = rememberRecipients(db);
  const byEvent = Map.groupBy(written, ({ eventId }) => eventId);
  const differences: string[] = [];
  for (const booking of ledger.bookings.values()) {
    const told = byEvent.get(events.get(booking.id)?.at(-1)?.id ?? '') ?? [];
    differences.push(...untold(booking, await recipientsOf(booking), told));
  }
  const what = 'bookings were last told to patient and practitioner in every way they allow';
  const repeats = [...messages.values()].filter(({ length }) => length > 1).length;
  return [
    { what, examined: ledger.bookings.size, differences },
    checkAll(
      `deliveries have their one message, or none where none was sent; ${repeats} came twice`,
      written,
      (delivery) => miscounted(delivery, messages.get(delivery.id) ?? []),
    ),
    checkAll('messages belong to a delivery', messages.keys(), (id) =>
      strange.has(id) ? `message ${id} belongs to no delivery` : undefined,
    ),
  ];
}

async function listDeliveries(db: Database, bookingIds: readonly string[]): Promise<Delivery[]> {
  const found: Delivery[] = [];
  for (let first = 0; first < bookingIds.length; first += 5_000) {
    const some = bookingIds.slice(first, first + 5_000);
    const columns = { ...getTableColumns(deliveries), kind: notices.kind, eventId: notices.eventId };
    const told = db.select(columns).from(deliveries).innerJoin(notices, eq(notices.id, deliveries.noticeId));
    found.push(...(await told.where(inArray(notices.subjectId, some))));
  }
  return found;
}

/** Messages without a delivery. Those of bookings that others made meanwhile have one too. */
async function listStrange(db: Database, messages: Messages, own: readonly Delivery[]): Promise<Set<string>> {
  const strange = new Set(messages.keys()).difference(new Set(own.map(({ id }) => id)));
  const ids = [...strange].filter((id) => UUID.test(id));
  const others = await db.select({ id: deliveries.id }).from(deliveries).where(inArray(deliveries.id, ids));
  return strange.difference(new Set(others.map(({ id }) => id)));
}

const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/;

const MailboxPage = z.object({ items: z.array(SentMessage), nextCursor: z.string().nullable() });

/** What was sent since the run began, by what the sender called it. */
async function readMessages({ platform, startedAt }: ProofSource): Promise<Messages> {
  const messages: SentMessage[] = [];
  for (let cursor: string | null = ''; cursor !== null;) {
    const response = await fetch(`${platform.mailbox}/mailbox?limit=5000${cursor && `&cursor=${cursor}`}`);
    const { items, nextCursor } = MailboxPage.parse(await response.json());
    const fresh = items.filter(({ sentAt }) => Temporal.Instant.compare(sentAt, startedAt) >= 0);
    messages.push(...fresh);
    cursor = fresh.length < items.length ? null : nextCursor;
  }
  return Map.groupBy(messages, ({ idempotencyKey = 'without a name' }) => idempotencyKey);
}

type RecipientsOf = (booking: AnsweredBooking) => Promise<readonly Recipient[]>;

/** People are the same for many bookings. */
function rememberRecipients(db: Database): RecipientsOf {
  const known = new Map<string, Promise<Recipient[]>>();
  const remembered = (name: string, find: () => Promise<Recipient[]>) => {
    const found = known.get(name) ?? find().then((recipients) => markSuppressed(db, recipients));
    known.set(name, found);
    return found;
  };
  return async ({ country, patientId, practitionerId }) => {
    const both = await Promise.all([
      remembered(patientId, () => listPatientRecipients(db, patientId, Temporal.Now.instant())),
      remembered(practitionerId, async () => [(await getPractitionerContact(db, country, practitionerId)).recipient]),
    ]);
    return both.flat();
  };
}

function untold(booking: AnsweredBooking, recipients: readonly Recipient[], told: readonly Delivery[]): string[] {
  const kind = kindOf(booking);
  const expected = recipients.flatMap((recipient) =>
    channelsTo(recipient).map((channel) => {
      const reason = unreachableBecause(recipient, kind, channel);
      return `${kind} by ${channel} to ${recipient.type} ${recipient.id}: ${reason ? `suppressed, ${reason}` : 'sent'}`;
    }),
  );
  const found = told.map(
    ({ kind, channel, recipientType, recipientId, status, errorCode }) =>
      `${kind} by ${channel} to ${recipientType} ${recipientId}: ${fateOf(status)}${errorCode === null ? '' : `, ${errorCode}`}`,
  );
  return [
    ...expected.filter((one) => !found.includes(one)).map((one) => `${booking.id} lacks ${one}`),
    ...found.filter((one) => !expected.includes(one)).map((one) => `${booking.id} has ${one}`),
  ];
}

/** In somebody's quiet hours a message waits for their end. */
function fateOf(status: Delivery['status']): string {
  return status === 'held' ? 'sent' : status;
}

function kindOf({ status, version }: AnsweredBooking): NotificationKind {
  if (status === 'cancelled') return 'booking-cancelled';
  return version === 1 ? 'booking-confirmed' : 'booking-rescheduled';
}

/** A crash between sending and recording repeats a message once at most, and the delivery tells of it by its attempts. */
function miscounted({ id, status, attempts, channel }: Delivery, messages: readonly SentMessage[]): string | undefined {
  const least = status === 'sent' ? 1 : 0;
  const most = status === 'sent' && attempts > 1 ? 2 : Math.min(attempts, 1);
  const { length } = messages.filter((message) => message.channel === channel);
  if (length === messages.length && least <= length && length <= most) return undefined;
  return `delivery ${id} is ${status} after ${attempts} attempts and has ${messages.length} messages`;
}
