import { eq } from 'drizzle-orm';

import type { Queryable } from './client.ts';
import { patients } from './schema/patient.ts';

/** Needs the role of the patient context. */
export async function findBirthDate(db: Queryable, patientId: string): Promise<Temporal.PlainDate | undefined> {
  const [found] = await db.select({ bornOn: patients.birthDate }).from(patients).where(eq(patients.id, patientId));
  return found && Temporal.PlainDate.from(found.bornOn);
}
