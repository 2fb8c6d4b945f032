import type { EventOf } from '../../schemas/events/contract.ts';
import type { NoticeReleased } from '../../schemas/events/notice.v1.ts';
import {
  holdDelivery,
  listOpenDeliveries,
  mustFollowOlder,
  type OpenDelivery,
  withholdDelivery,
} from '../../shared/db/deliveries.ts';
import { findKnownBooking } from '../../shared/db/known-bookings.ts';
import { findNotice, type Notice } from '../../shared/db/notices.ts';
import { getPractitionerContact, listContacts, listProxies } from '../../shared/db/recipients.ts';
import { closeReminders, lockRemindedVisits } from '../../shared/db/reminders.ts';
import type { Recipient } from '../../shared/domain/notification.ts';
import { sendingTime, visitDeadline } from '../../shared/domain/sending-time.ts';
import type { EventContext } from '../../shared/runtime/function.ts';
import { claimPlain, claimReminder, claimVisit, isPlain, isReminder, isVisit } from './claims.ts';
import { deliverAll, type Deps, type Occasion, recipientOf } from './deliver.ts';

/** How the deliveries of a notice are claimed, and when they are of no use any more. */
type Standing = { readonly claim: Occasion['claim']; readonly deadline?: Temporal.Instant };

/** Sends what was held until now, to the addresses and by the preferences of now. */
export function sendReleased(deps: Deps) {
  return async ({ id, data }: EventOf<typeof NoticeReleased>, context: EventContext): Promise<void> => {
    const notice = await findNotice(deps.db, data.noticeId);
    const standing = notice && (await standingOf(deps, notice));
    if (!standing) return;
    const open = await withholdOfFormerProxies(deps, notice, await listOpenDeliveries(deps.db, notice.id, id));
    const recipients = await recipientsOf(deps, notice, open);
    const ready = await holdTheOthers(deps, notice, { open, recipients, deadline: standing.deadline });
    await deliverAll(deps, { kind: notice.kind, recipients, open: ready, claim: standing.claim }, context);
    if (isReminder(notice)) await closeReminders(deps.db, notice.eventId);
  };
}

async function standingOf(deps: Deps, notice: Notice): Promise<Standing | undefined> {
  if (isPlain(notice)) return { claim: claimPlain(deps, notice) };
  if (isReminder(notice)) return standingOfReminder(deps, notice);
  const booking = await findKnownBooking(deps.db, notice.subjectId);
  if (!booking || !isVisit(notice)) return undefined;
  await mustFollowOlder(deps.db, { bookingId: booking.bookingId, version: notice.subjectVersion }, deps.now());
  const practitioner = await getPractitionerContact(deps.practitioners, booking.country, booking.practitionerId);
  const deadline = visitDeadline(booking.slotStart);
  return { claim: claimVisit(deps, notice, booking, practitioner), deadline };
}

async function standingOfReminder(deps: Deps, { eventId, occurredAt }: Notice): Promise<Standing> {
  const [first] = await lockRemindedVisits(deps.db, eventId);
  const claim = claimReminder(deps, eventId, occurredAt);
  return first ? { claim, deadline: visitDeadline(first.slotStart) } : { claim };
}

/** Whoever acted for the patient when it was planned may not do so any more. @returns those that go to the others. */
async function withholdOfFormerProxies(
  { db, patients, now }: Deps,
  { patientId }: Notice,
  open: readonly OpenDelivery[],
): Promise<OpenDelivery[]> {
  const proxies = await listProxies(patients, patientId, now());
  const isFormer = (one: OpenDelivery) => one.recipientType === 'proxy' && !proxies.includes(one.recipientId);
  for (const delivery of open.filter(isFormer)) await withholdDelivery(db, delivery, 'no-proxy', now());
  return open.filter((delivery) => !isFormer(delivery));
}

async function recipientsOf(
  { patients, practitioners }: Deps,
  { country }: Notice,
  open: readonly OpenDelivery[],
): Promise<Recipient[]> {
  const idsOf = (type: Recipient['type']) => [
    ...new Set(open.filter(({ recipientType }) => recipientType === type).map(({ recipientId }) => recipientId)),
  ];
  const [own, proxies, ...contacts] = await Promise.all([
    listContacts(patients, 'patient', idsOf('patient')),
    listContacts(patients, 'proxy', idsOf('proxy')),
    ...idsOf('practitioner').map(async (id) => [(await getPractitionerContact(practitioners, country, id)).recipient]),
  ]);
  return [...own, ...proxies, ...contacts.flat()];
}

type Held = {
  readonly open: readonly OpenDelivery[];
  readonly recipients: readonly Recipient[];
  readonly deadline: Temporal.Instant | undefined;
};

/** Quiet hours may have been set, or have come, since. @returns those whose time it is. */
async function holdTheOthers(
  { db, now }: Deps,
  { kind }: Notice,
  { open, recipients, deadline }: Held,
): Promise<OpenDelivery[]> {
  const ready: OpenDelivery[] = [];
  for (const delivery of open) {
    const recipient = recipientOf(recipients, delivery);
    const { channel } = delivery;
    const dueAt = recipient ? sendingTime(recipient, { kind, channel, dueAt: now(), deadline }) : now();
    if (Temporal.Instant.compare(dueAt, now()) > 0) await holdDelivery(db, delivery, dueAt, now());
    else ready.push(delivery);
  }
  return ready;
}
