import { and, asc, eq, gt, inArray, isNull, lte, or, sql } from 'drizzle-orm';

import { type Channel, channels, type Language, languages, type Recipient } from '../domain/notification.ts';
import { AppError } from '../errors.ts';
import type { Queryable } from './client.ts';
import { publishedContactPoints, publishedProxies } from './schema/patient.ts';
import { publishedPractitioners } from './schema/practitioner.ts';
import { listStandInIds } from './stand-ins.ts';

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
  return {
    recipient: {
      type: 'practitioner',
      id,
      language: languageOf(found.language),
      addresses: { email: found.email ?? undefined, sms: found.phone ?? undefined, push: undefined },
      suppressed: [],
      preferences: found.channels,
      quietHours: quietHoursOf(found),
    },
    name: `${found.givenName} ${found.familyName}`,
    place: `${found.address}, ${found.city}`,
    timeZone: found.timeZone,
  };
}

/** Those who stand in for a practitioner at `now`. */
export async function listStandIns(
  reader: Queryable,
  country: string,
  practitionerId: string,
  now: Temporal.Instant,
): Promise<Recipient[]> {
  const found = await listStandInIds(reader, country, practitionerId, now);
  const contacts = await Promise.all(found.map((id) => getPractitionerContact(reader, country, id)));
  return contacts.map(({ recipient }) => recipient);
}

/** The patient and all who may act for them at `now`. Never empty. */
export async function listPatientAndProxies(
  reader: Queryable,
  patientId: string,
  now: Temporal.Instant,
): Promise<Recipient[]> {
  const [[patient], proxies] = await Promise.all([
    listContacts(reader, 'patient', [patientId]),
    listProxies(reader, patientId, now).then((ids) => listContacts(reader, 'proxy', ids)),
  ]);
  return [patient ?? unknownPatient(patientId), ...proxies];
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

/** A patient who is reached at an address. */
export type Owner = { readonly id: string; readonly country: string };

/** The patients whose address on a channel it is: a family may share one. */
export async function listOwners(reader: Queryable, channel: Channel, address: string): Promise<Owner[]> {
  const { patientId: id, country, email, phone, push } = publishedContactPoints;
  const value = { email, sms: phone, push }[channel];
  return reader
    .select({ id, country })
    .from(publishedContactPoints)
    .where(sql`lower(${value}) = ${address.trim().toLowerCase()}`)
    .orderBy(asc(id));
}

/** Those who may act for a patient at `now`. */
export async function listProxies(reader: Queryable, patientId: string, now: Temporal.Instant): Promise<string[]> {
  const { proxyId, validFrom, validUntil } = publishedProxies;
  const valid = and(lte(validFrom, now), or(isNull(validUntil), gt(validUntil, now)));
  const proxies = await reader
    .select({ proxyId })
    .from(publishedProxies)
    .where(and(eq(publishedProxies.patientId, patientId), valid))
    .orderBy(asc(proxyId));
  return proxies.map((proxy) => proxy.proxyId);
}

/** Those of these patients who are known, as recipients of the type. */
export async function listContacts(
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
    addresses: {
      email: contact.email ?? undefined,
      sms: contact.phone ?? undefined,
      push: contact.push ?? undefined,
    },
    suppressed: [],
    preferences: contact.channels,
    quietHours: quietHoursOf(contact),
  }));
}

function quietHoursOf({
  quietStartMinute,
  quietEndMinute,
  timeZone,
}: {
  readonly quietStartMinute: number | null;
  readonly quietEndMinute: number | null;
  readonly timeZone: string;
}): Recipient['quietHours'] {
  if (quietStartMinute === null || quietEndMinute === null) return undefined;
  return { startMinute: quietStartMinute, endMinute: quietEndMinute, timeZone };
}

function unknownPatient(id: string): Recipient {
  return {
    type: 'patient',
    id,
    language: 'en',
    addresses: { email: undefined, sms: undefined, push: undefined },
    suppressed: [],
    preferences: {},
    quietHours: undefined,
  };
}

function isReachable({ addresses }: Recipient): boolean {
  return channels.some((channel) => addresses[channel] !== undefined);
}

function languageOf(tag: string): Language {
  return languages.find((language) => language === tag) ?? 'en';
}
