import { createHash } from 'node:crypto';

import { and, asc, eq, gt, inArray, isNull, lt, lte, notInArray, or, sql } from 'drizzle-orm';

import type { AnyEvent } from '../../schemas/events/contract.ts';
import {
  type Channel,
  claimability,
  type Language,
  languages,
  type NotificationKind,
  type Recipient,
  type WithheldBecause,
} from '../domain/notification.ts';
import { AppError } from '../errors.ts';
import type { Queryable } from './client.ts';
import { deliveries, reminders, suppressedAddresses } from './schema/notification.ts';
import { publishedContactPoints, publishedProxies } from './schema/patient.ts';
import { publishedPractitioners } from './schema/practitioner.ts';

/**
 * How long a claimed delivery stays with whoever claimed it: longer than a provider may take to answer. After that
 * its outcome is unknown, and it is taken up again.
 */
export const LEASE_SECONDS = 30;

export type EventKey = Pick<AnyEvent, 'source' | 'id'>;

export type NewDelivery = Pick<Recipient, 'type' | 'id'> & { readonly channel: Channel };

export type OpenDelivery = Pick<
  typeof deliveries.$inferSelect,
  'id' | 'kind' | 'recipientType' | 'recipientId' | 'channel'
>;

/** `attempts` tells this claim from a later one. */
export type Claim = { readonly id: string; readonly attempts: number; readonly mayRepeat: boolean };

export type Outcome =
  | { readonly status: 'sent'; readonly providerMessageId: string }
  | { readonly status: 'failed' | 'refused'; readonly errorCode: string };

/** Writes down whom an event is told to, before anything is sent. */
export async function planDeliveries(
  tx: Queryable,
  event: EventKey,
  told: { readonly kind: NotificationKind; readonly bookingId: string; readonly bookingVersion: number },
  planned: readonly NewDelivery[],
): Promise<void> {
  if (planned.length === 0) return;
  await tx.insert(deliveries).values(
    planned.map(({ type, id, channel }) => ({
      ...told,
      eventSource: event.source,
      eventId: event.id,
      recipientType: type,
      recipientId: id,
      channel,
      status: 'planned' as const,
    })),
  );
}

/** The deliveries of an event that are neither sent nor withheld. */
export async function listOpenDeliveries(db: Queryable, event: EventKey): Promise<OpenDelivery[]> {
  const { id, kind, recipientType, recipientId, channel } = deliveries;
  return db
    .select({ id, kind, recipientType, recipientId, channel })
    .from(deliveries)
    .where(and(ofEvent(event), notInArray(deliveries.status, ['sent', 'suppressed'])))
    .orderBy(asc(recipientType), asc(channel), asc(id));
}

/**
 * Takes a delivery up, so that nobody else sends it meanwhile; with a reason to withhold it, records that instead.
 * Throws `in-progress` while another has it.
 * @returns undefined where there is nothing to send.
 */
export async function claimDelivery(
  tx: Queryable,
  id: string,
  withheld: WithheldBecause | undefined,
  now: Temporal.Instant,
): Promise<Claim | undefined> {
  const [delivery] = await tx.select().from(deliveries).where(eq(deliveries.id, id)).for('update');
  if (!delivery || claimability(delivery, now) === 'done') return undefined;
  if (claimability(delivery, now) === 'taken') throw stillUnderWay();
  if (withheld) {
    await tx.update(deliveries).set({ status: 'suppressed', errorCode: withheld }).where(eq(deliveries.id, id));
    return undefined;
  }
  const attempts = delivery.attempts + 1;
  const mayRepeat = delivery.mayRepeat || delivery.status === 'claimed';
  await tx
    .update(deliveries)
    .set({ status: 'claimed', attempts, mayRepeat, claimedAt: now, leaseUntil: now.add({ seconds: LEASE_SECONDS }) })
    .where(eq(deliveries.id, id));
  return { id, attempts, mayRepeat };
}

/** Records what came of a claim, unless it ran out and another took the delivery up. */
export async function recordOutcome(
  db: Queryable,
  { id, attempts }: Claim,
  outcome: Outcome,
  now: Temporal.Instant,
): Promise<void> {
  await db
    .update(deliveries)
    .set({ ...outcome, ...(outcome.status === 'sent' ? { sentAt: now, errorCode: null } : {}), leaseUntil: null })
    .where(and(eq(deliveries.id, id), eq(deliveries.attempts, attempts), eq(deliveries.status, 'claimed')));
}

/** Throws `in-progress` while a message about an older state of the booking is on its way: the newer one comes after it. */
export async function mustFollowOlder(
  tx: Queryable,
  booking: { readonly bookingId: string; readonly version: number },
  now: Temporal.Instant,
): Promise<void> {
  const remindsOf = tx
    .select({ eventId: sql`${reminders.triggerId}::text` })
    .from(reminders)
    .where(and(eq(reminders.bookingId, booking.bookingId), lt(reminders.bookingVersion, booking.version)));
  const about = and(eq(deliveries.bookingId, booking.bookingId), lt(deliveries.bookingVersion, booking.version));
  const [older] = await tx
    .select({ id: deliveries.id })
    .from(deliveries)
    .where(
      and(
        or(about, inArray(deliveries.eventId, remindsOf)),
        eq(deliveries.status, 'claimed'),
        gt(deliveries.leaseUntil, now),
      ),
    )
    .limit(1);
  if (older) throw stillUnderWay();
}

/** Stops further messages to an address that bounced or complained. */
export async function suppressAddress(
  db: Queryable,
  channel: Channel,
  address: string,
  reason: 'bounced' | 'complained',
): Promise<void> {
  await db
    .insert(suppressedAddresses)
    .values({ addressHash: hashOf(channel, address), reason })
    .onConflictDoNothing();
}

export async function isSuppressed(db: Queryable, channel: Channel, address: string): Promise<boolean> {
  const [suppressed] = await db
    .select({ reason: suppressedAddresses.reason })
    .from(suppressedAddresses)
    .where(eq(suppressedAddresses.addressHash, hashOf(channel, address)));
  return suppressed !== undefined;
}

/** What messages tell of a practitioner, and how the practitioner is told. */
export type PractitionerContact = {
  readonly recipient: Recipient;
  readonly name: string;
  readonly place: string;
  readonly timeZone: string;
};

/** Throws `not-found`. */
export async function getPractitionerContact(
  reader: Queryable,
  country: string,
  id: string,
): Promise<PractitionerContact> {
  const [found] = await reader
    .select()
    .from(publishedPractitioners)
    .where(and(eq(publishedPractitioners.country, country), eq(publishedPractitioners.id, id)));
  if (!found) throw new AppError('not-found', 'There is no such practitioner.', { practitionerId: id });
  const addresses = { email: found.email ?? undefined, sms: found.phone ?? undefined };
  return {
    recipient: { ...unasked, type: 'practitioner', id, language: languageOf(found.language), addresses },
    name: `${found.givenName} ${found.familyName}`,
    place: `${found.address}, ${found.city}`,
    timeZone: found.timeZone,
  };
}

/** The patient or, where the patient has no address at all, those who may act for them at `now`. Never empty. */
export async function listPatientRecipients(
  reader: Queryable,
  patientId: string,
  now: Temporal.Instant,
): Promise<Recipient[]> {
  const [patient] = await listContacts(reader, 'patient', [patientId]);
  if (patient && isReachable(patient)) return [patient];
  const proxies = await listContacts(reader, 'proxy', await listProxies(reader, patientId, now));
  const reachable = proxies.filter(isReachable);
  return reachable.length > 0 ? reachable : [patient ?? unknownPatient(patientId)];
}

async function listProxies(reader: Queryable, patientId: string, now: Temporal.Instant): Promise<string[]> {
  const { proxyId, validFrom, validUntil } = publishedProxies;
  const valid = and(lte(validFrom, now), or(isNull(validUntil), gt(validUntil, now)));
  const proxies = await reader
    .select({ proxyId })
    .from(publishedProxies)
    .where(and(eq(publishedProxies.patientId, patientId), valid))
    .orderBy(asc(proxyId));
  return proxies.map((proxy) => proxy.proxyId);
}

async function listContacts(
  reader: Queryable,
  type: 'patient' | 'proxy',
  patientIds: readonly string[],
): Promise<Recipient[]> {
  if (patientIds.length === 0) return [];
  const contacts = await reader
    .select()
    .from(publishedContactPoints)
    .where(inArray(publishedContactPoints.patientId, [...patientIds]));
  return contacts.map((contact) => ({
    type,
    id: contact.patientId,
    language: contact.language,
    addresses: { email: contact.email ?? undefined, sms: contact.phone ?? undefined },
    preferences: contact.channels,
    quietHours: quietHoursOf(contact),
  }));
}

function quietHoursOf({
  quietStartMinute,
  quietEndMinute,
  timeZone,
}: typeof publishedContactPoints.$inferSelect): Recipient['quietHours'] {
  if (quietStartMinute === null || quietEndMinute === null) return undefined;
  return { startMinute: quietStartMinute, endMinute: quietEndMinute, timeZone };
}

const unasked = { preferences: {}, quietHours: undefined } as const;

function unknownPatient(id: string): Recipient {
  return { ...unasked, type: 'patient', id, language: 'en', addresses: { email: undefined, sms: undefined } };
}

function isReachable({ addresses }: Recipient): boolean {
  return addresses.email !== undefined || addresses.sms !== undefined;
}

function languageOf(tag: string): Language {
  return languages.find((language) => language === tag) ?? 'en';
}

function ofEvent({ source, id }: EventKey) {
  return and(eq(deliveries.eventSource, source), eq(deliveries.eventId, id));
}

function hashOf(channel: Channel, address: string): Buffer {
  return createHash('sha256').update(`${channel}:${address.trim().toLowerCase()}`).digest();
}

function stillUnderWay(): AppError {
  return new AppError('in-progress', 'A message about this booking is still on its way.');
}
