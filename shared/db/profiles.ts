import { and, eq, notInArray, sql } from 'drizzle-orm';

import type { Channel } from '../domain/notification.ts';
import { AppError } from '../errors.ts';
import type { Queryable } from './client.ts';
import { contactPoints, patients } from './schema/patient.ts';

type PatientRow = typeof patients.$inferSelect;

export type Address = { readonly channel: Channel; readonly value: string };

/** Who a patient is and where they are reached, as one with one version. */
export type Profile = PatientRow & { readonly addresses: readonly (Address & { readonly isVerified: boolean })[] };

export type NewProfile = PatientRow & { readonly addresses: readonly Address[] };

export async function findProfile(db: Queryable, id: string): Promise<Profile | undefined> {
  const [patient] = await db.select().from(patients).where(eq(patients.id, id));
  if (!patient) return undefined;
  const points = await db
    .select()
    .from(contactPoints)
    .where(eq(contactPoints.patientId, id))
    .orderBy(contactPoints.channel);
  const addresses = points.map(({ channel, value, verifiedAt }) => ({
    channel,
    value,
    isVerified: verifiedAt !== null,
  }));
  return { ...patient, addresses };
}

/**
 * Writes a profile unless a newer one is known. An address that stays the same stays verified. Throws `unprocessable` for
 * the id of a patient of another country.
 * @returns whether it was written.
 */
export async function saveProfile(tx: Queryable, { addresses, ...patient }: NewProfile): Promise<boolean> {
  const saved = await tx
    .insert(patients)
    .values(patient)
    .onConflictDoUpdate({
      target: patients.id,
      set: patient,
      setWhere: sql`${patients.version} < excluded.version AND ${patients.country} = excluded.country_code`,
    })
    .returning({ id: patients.id });
  if (saved.length === 1) await replaceAddresses(tx, patient.id, addresses);
  else await mustBeOf(tx, patient);
  return saved.length === 1;
}

async function replaceAddresses(tx: Queryable, patientId: string, addresses: readonly Address[]): Promise<void> {
  const kept = addresses.map(({ channel }) => channel);
  await tx
    .delete(contactPoints)
    .where(
      and(
        eq(contactPoints.patientId, patientId),
        kept.length > 0 ? notInArray(contactPoints.channel, kept) : undefined,
      ),
    );
  if (addresses.length === 0) return;
  await tx
    .insert(contactPoints)
    .values(addresses.map(({ channel, value }) => ({ patientId, channel, value })))
    .onConflictDoUpdate({
      target: [contactPoints.patientId, contactPoints.channel],
      set: { value: sql`excluded.value`, verifiedAt: null },
      setWhere: sql`${contactPoints.value} <> excluded.value`,
    });
}

async function mustBeOf(tx: Queryable, { id, country }: Pick<PatientRow, 'id' | 'country'>): Promise<void> {
  if ((await tx.$count(patients, and(eq(patients.id, id), eq(patients.country, country)))) === 1) return;
  throw new AppError('unprocessable', 'The patient is of another country.');
}
