import { eq } from 'drizzle-orm';

import { connectDatabase, type Database, type Queryable } from '../../shared/db/client.ts';
import { patients } from '../../shared/db/schema/patient.ts';
import { practitioners } from '../../shared/db/schema/practitioner.ts';
import { findDutyClinician, saveDutyClinician } from '../../shared/db/critical-alerts.ts';
import type { FindUser } from '../local/oidc/grants.ts';
import { type CountryCode, countryCodes } from './country.ts';
import { practitionerId } from './practitioner.ts';
import { type CountrySampleIds, listCountrySamples } from './samples.ts';
import { seedPatients } from './seed-patients.ts';
import { seedTestKits } from './seed-test-kits.ts';
import { seedPractitioners } from './seed-practitioners.ts';

/** Each context's own role. */
export type SeedUrls = {
  readonly DATABASE_URL_PRACTITIONER: string;
  readonly DATABASE_URL_PATIENT: string;
  /** Test kits are seeded where it is given. */
  readonly DATABASE_URL_HOMEKIT?: string | undefined;
  /** A duty clinician is named where it is given and there is none. */
  readonly DATABASE_URL_LABORATORY?: string | undefined;
};

export type SeedOptions = {
  /** In each country. */
  readonly practitioners?: number;
  readonly patients?: number;
  readonly today?: Temporal.PlainDate;
  /** So many of all are there now. */
  readonly onProgress?: (done: number, all: number) => void;
};

/** Of each kind in each country, unless a number is given. */
export const PRACTITIONERS = 150;
export const PATIENTS = 200;
/** In one transaction; a multiple of ten, so that guardians come with their children. */
const BATCH = 1_000;

/** Makes the sample data be there: again, and it changes only what is not as it should be. */
export async function seed(urls: SeedUrls, options: SeedOptions = {}): Promise<void> {
  const { today = Temporal.Now.plainDateISO(), onProgress } = options;
  const counts = { practitioners: options.practitioners ?? PRACTITIONERS, patients: options.patients ?? PATIENTS };
  const all = countryCodes.length * (counts.practitioners + counts.patients);
  let done = 0;
  const report = ({ first, end }: Range) => onProgress?.((done += end - first), all);
  await withContexts(urls, async ({ practitionerDb, patientDb }) => {
    for (const country of countryCodes) {
      for (const range of batches(counts.practitioners)) {
        await seedPractitioners(practitionerDb, country, { ...range, today });
        report(range);
      }
      for (const range of batches(counts.patients)) {
        await seedPatients(patientDb, country, range);
        report(range);
      }
    }
  });
  await seedHomekit(urls, today);
  await seedLaboratory(urls);
}

async function seedHomekit({ DATABASE_URL_HOMEKIT: url }: SeedUrls, today: Temporal.PlainDate): Promise<void> {
  if (url === undefined) return;
  const db = connectDatabase(url, { applicationName: 'careflow-seed', maxConnections: 1 });
  try {
    for (const country of countryCodes) await seedTestKits(db, country, today);
  } finally {
    await db.$client.end();
  }
}

async function seedLaboratory({ DATABASE_URL_LABORATORY: url }: SeedUrls): Promise<void> {
  if (url === undefined) return;
  const db = connectDatabase(url, { applicationName: 'careflow-seed', maxConnections: 1 });
  try {
    for (const country of countryCodes) {
      if ((await findDutyClinician(db, country)) === undefined)
        await saveDutyClinician(db, country, practitionerId(country, 0));
    }
  } finally {
    await db.$client.end();
  }
}

/** Seeds where there is no practitioner yet: what somebody made of the samples is left alone. */
export async function seedIfEmpty(
  urls: SeedUrls,
  { onProgress }: { readonly onProgress: (what: string) => void },
): Promise<void> {
  const isEmpty = await withContexts(urls, async ({ practitionerDb }) => {
    const [anybody] = await practitionerDb.select({ id: practitioners.id }).from(practitioners).limit(1);
    return anybody === undefined;
  });
  if (!isEmpty) return;
  await seed(urls);
  onProgress(`Sample data is there: ${PRACTITIONERS} practitioners and ${PATIENTS} patients in each country`);
}

/** The first samples of each country. `db` may read both contexts. */
export async function listSamples(db: Queryable): Promise<Record<CountryCode, CountrySampleIds>> {
  return { fr: await listCountrySamples(db, 'fr'), de: await listCountrySamples(db, 'de') };
}

/** Finds a patient or a practitioner by the id of their record, which is their user name. */
export function findSampleUser(urls: SeedUrls): FindUser {
  return (id) =>
    withContexts(urls, async ({ practitionerDb, patientDb }) => {
      if (!UUID.test(id)) return undefined;
      const ofPatient = { country: patients.country };
      const [patient] = await patientDb.select(ofPatient).from(patients).where(eq(patients.id, id));
      if (patient) return { subject: id, role: 'patient', country: patient.country };
      const ofPractitioner = { country: practitioners.country };
      const [found] = await practitionerDb.select(ofPractitioner).from(practitioners).where(eq(practitioners.id, id));
      return found && { subject: id, role: 'practitioner', country: found.country };
    });
}

const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i;

type Range = { readonly first: number; readonly end: number };

function* batches(count: number): Generator<Range> {
  for (let first = 0; first < count; first += BATCH) yield { first, end: Math.min(first + BATCH, count) };
}

async function withContexts<Result>(
  urls: SeedUrls,
  work: (contexts: { practitionerDb: Database; patientDb: Database }) => Promise<Result>,
): Promise<Result> {
  const options = { applicationName: 'careflow-seed', maxConnections: 2, statementTimeoutMs: 60_000 };
  const practitionerDb = connectDatabase(urls.DATABASE_URL_PRACTITIONER, options);
  const patientDb = connectDatabase(urls.DATABASE_URL_PATIENT, options);
  try {
    return await work({ practitionerDb, patientDb });
  } finally {
    await Promise.all([practitionerDb.$client.end(), patientDb.$client.end()]);
  }
}
