import { randomUUID } from 'node:crypto';

import { connectDatabase, type Database } from '../../shared/db/client.ts';
import { contactPoints, patients, preferences, proxies } from '../../shared/db/schema/patient.ts';
import { practitioners, scheduleExceptions, visitTypes, workingHours } from '../../shared/db/schema/practitioner.ts';

type NewVisitType = typeof visitTypes.$inferInsert;

export type Practice = { practitionerId: string; visitTypeId: string };

let ordinal = 0;

/** A practitioner who works every day from 08:00 to 20:00, with one visit type of 30 minutes unless told otherwise. */
export async function addPractice(
  db: Database,
  { country = 'fr', ...visitType }: Partial<NewVisitType> = {},
): Promise<Practice> {
  const practitionerId = randomUUID();
  await db.insert(practitioners).values({
    country,
    id: practitionerId,
    ordinal: ordinal++,
    givenName: 'Claire',
    familyName: 'Fontaine',
    specialties: ['general-practice'],
    languages: [country],
    timeZone: country === 'fr' ? 'Europe/Paris' : 'Europe/Berlin',
    address: '1 rue de la Paix',
    city: 'Paris',
    latitude: 48.87,
    longitude: 2.33,
    email: 'praxis@example.com',
    phone: '+33639980000',
    language: country,
  });
  const everyDay = [1, 2, 3, 4, 5, 6, 7].map((weekday) => ({
    country,
    practitionerId,
    weekday,
    startMinute: 480,
    endMinute: 1200,
  }));
  await db.insert(workingHours).values(everyDay);
  return { practitionerId, visitTypeId: await addVisitType(db, { country, practitionerId, ...visitType }) };
}

export async function addVisitType(
  db: Database,
  visitType: Partial<NewVisitType> & { practitionerId: string },
): Promise<string> {
  const id = randomUUID();
  await db.insert(visitTypes).values({
    country: 'fr',
    id,
    name: 'Visit',
    specialty: `specialty-${id}`,
    mode: 'in-person',
    durationMinutes: 30,
    ...visitType,
  });
  return id;
}

/** Closes a practitioner's days, both included. */
export async function closeDays(
  db: Database,
  practitionerId: string,
  firstDay: string,
  lastDay = firstDay,
): Promise<void> {
  await db.insert(scheduleExceptions).values({
    country: 'fr',
    id: randomUUID(),
    practitionerId,
    kind: 'closed',
    firstDay: Temporal.PlainDate.from(firstDay),
    lastDay: Temporal.PlainDate.from(lastDay),
  });
}

export async function addPatient(db: Database, country = 'fr'): Promise<string> {
  const id = randomUUID();
  await db.insert(patients).values({
    id,
    country,
    givenName: 'Camille',
    familyName: 'Moreau',
    birthDate: '1985-04-12',
    sex: 'female',
    timeZone: 'Europe/Paris',
  });
  await db.insert(contactPoints).values([
    { patientId: id, channel: 'email', value: `${id}@example.com` },
    { patientId: id, channel: 'sms', value: '+33639980001' },
  ]);
  await db.insert(preferences).values({ patientId: id, language: 'fr' });
  return id;
}

export async function addPatients(db: Database, count: number): Promise<string[]> {
  return Promise.all(Array.from({ length: count }, () => addPatient(db)));
}

/** Lets `proxyId` act for `patientId`. */
export async function addProxy(db: Database, patientId: string, proxyId: string): Promise<void> {
  await db
    .insert(proxies)
    .values({ patientId, proxyId, relation: 'guardian', validFrom: Temporal.Now.instant().subtract({ hours: 1 }) });
}

export function connectAdmin(url: string): Database {
  return connectDatabase(url, { applicationName: 'test' });
}
