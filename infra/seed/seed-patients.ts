import type { Database } from '../../shared/db/client.ts';
import { consents } from '../../shared/db/schema/account.ts';
import { contactPoints, patients, preferences, proxies } from '../../shared/db/schema/patient.ts';
import { patientIdentifiers } from '../../shared/db/schema/patient-identity.ts';
import type { CountryCode } from './country.ts';
import { samplePatient } from './patient.ts';
import { replace, upsert } from './rows.ts';

const profiles = { table: patients, key: [patients.id] };
const contacts = { table: contactPoints, key: [contactPoints.patientId, contactPoints.channel] };
const numbers = { table: patientIdentifiers, key: [patientIdentifiers.authority, patientIdentifiers.value] };
const wishes = { table: preferences, key: [preferences.patientId] };
const actors = { table: proxies, key: [proxies.patientId, proxies.proxyId] };

/** Makes the sample patients from `first` up to `end` be there as they should. */
export async function seedPatients(
  db: Database,
  country: CountryCode,
  { first, end }: { first: number; end: number },
): Promise<void> {
  const indexes = Array.from({ length: end - first }, (_, offset) => first + offset);
  const samples = indexes.map((index) => samplePatient(country, index));
  const owners = samples.map(({ profile }) => profile.id);
  const rows = samples.map(({ profile }) => ({ ...profile, version: 1 }));
  await db.transaction(async (tx) => {
    await tx.execute(upsert(profiles, rows, { of: patients.id, kept: [patients.version] }));
    const numberRows = samples.map(({ identifier }) => identifier);
    await tx.execute(upsert(numbers, numberRows, { of: patientIdentifiers.patientId }));
    const contactRows = samples.flatMap((sample) => sample.contactPoints);
    await tx.execute(replace(contacts, contactRows, { owner: contactPoints.patientId, owners }));
    const wishRows = samples.map((sample) => ({ ...sample.preferences, version: 1 }));
    await tx.execute(upsert(wishes, wishRows, { of: preferences.patientId, kept: [preferences.version] }));
    const proxyRows = samples.flatMap((sample) => sample.proxies);
    await tx.execute(replace(actors, proxyRows, { owner: proxies.patientId, owners }));
    const decided = samples.flatMap((sample) => sample.consents);
    if (decided.length > 0) await tx.insert(consents).values(decided).onConflictDoNothing();
  });
}
