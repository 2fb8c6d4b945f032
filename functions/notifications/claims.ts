import {
  type AddressedDelivery,
  type Claim,
  claimAlert,
  claimDelivery,
  claimNewest,
  withholdDelivery,
} from '../../shared/db/deliveries.ts';
import type { KnownBooking } from '../../shared/db/known-bookings.ts';
import type { NewNotice } from '../../shared/db/notices.ts';
import { isAnyReleased } from '../../shared/db/released-reports.ts';
import { getPractitionerContact, type PractitionerContact } from '../../shared/db/recipients.ts';
import { lockRemindedVisits, type RemindedVisit } from '../../shared/db/reminders.ts';
import { isVisitKind, lateBecause, type NotificationKind, type VisitKind } from '../../shared/domain/notification.ts';
import type { News, Visit } from '../../shared/notify/message.ts';
import type { Deps, Occasion } from './deliver.ts';

type PlainKind = Exclude<NotificationKind, VisitKind>;

export type VisitNotice = Omit<NewNotice, 'kind'> & { readonly kind: VisitKind };

export type ReminderNotice = VisitNotice & { readonly kind: 'booking-reminder' };

/** What is told of anything but visits: that it is there. */
export type PlainNotice = Omit<NewNotice, 'kind'> & { readonly kind: PlainKind };

export function isPlain(notice: NewNotice): notice is PlainNotice {
  return !isVisit(notice);
}

export function isVisit(notice: NewNotice): notice is VisitNotice {
  return isVisitKind(notice.kind);
}

/**
 * Claims deliveries of plain news: alerts only as long as nobody has acknowledged them, and that there is something to read,
 * or to read anew, only where there still is.
 */
export function claimPlain({ db, laboratory, now }: Deps, notice: PlainNotice): Occasion['claim'] {
  const { kind, country, subjectId: reference, facts } = notice;
  const news = { kind, reference, ...(facts?.minutes !== undefined && { minutes: facts.minutes }) };
  const isAlert = kind === 'critical-result-raised' || kind === 'critical-result-escalated';
  const claim = isAlert ? claimAlert : claimDelivery;
  const holds = async ({ subjectIds }: AddressedDelivery) =>
    !['result-available', 'result-corrected'].includes(kind) || isAnyReleased(laboratory, country, subjectIds);
  return async (delivery) => {
    if (!(await holds(delivery))) return withholdDelivery(db, delivery, 'superseded', now());
    return withNews(await claim(db, delivery, now()), news);
  };
}

/** Claims deliveries that tell of a booking's newest state, until its visit begins. */
export function claimVisit(
  { db, now }: Deps,
  notice: VisitNotice,
  booking: KnownBooking,
  practitioner: PractitionerContact,
): Occasion['claim'] {
  const { previousSlotStart } = notice.facts ?? {};
  const news = {
    kind: notice.kind,
    visits: [{ ...booking, practitioner }],
    at: notice.occurredAt,
    ...(previousSlotStart !== undefined && { previousSlotStart: Temporal.Instant.from(previousSlotStart) }),
  } as const;
  return async (delivery: AddressedDelivery) => {
    const late = lateBecause(booking.slotStart, now());
    if (late) return withholdDelivery(db, delivery, late, now());
    return withNews(await claimNewest(db, delivery, now()), news);
  };
}

export function isReminder(notice: NewNotice): notice is ReminderNotice {
  return notice.kind === 'booking-reminder';
}

/** Claims deliveries that remind of the visits a reminder was triggered for, as far as they still stand and are ahead. */
export function claimReminder(deps: Deps, triggerId: string, at: Temporal.Instant): Occasion['claim'] {
  return (delivery) =>
    // None of the visits changes before the claim is there to see.
    deps.db.transaction(async (tx) => {
      const now = deps.now();
      const standing = await lockRemindedVisits(tx, triggerId);
      const ahead = standing.filter(({ slotStart }) => lateBecause(slotStart, now) === undefined);
      const [first, ...rest] = await Promise.all(ahead.map((visit) => withPractitioner(deps, visit)));
      if (!first) return withholdDelivery(tx, delivery, standing.length > 0 ? 'past' : 'superseded', now);
      const claim = await claimDelivery(tx, delivery, now);
      return withNews(claim, { kind: 'booking-reminder', visits: [first, ...rest], at });
    });
}

async function withPractitioner({ practitioners }: Deps, visit: RemindedVisit): Promise<Visit> {
  const practitioner = await getPractitionerContact(practitioners, visit.country, visit.practitionerId);
  return { ...visit, practitioner };
}

function withNews(claim: Claim | undefined, news: News) {
  return claim && { claim, news };
}
