import { listPatientsOfOrder } from '../../shared/db/lab-reports.ts';
import type { Queryable } from '../../shared/db/client.ts';
import { type KnownIdentity, listIdentified, listIdentities } from '../../shared/db/patient-identities.ts';
import { matchPatient, type MismatchReason } from '../../shared/domain/lab-patient-match.ts';
import type { LabReport } from '../../shared/domain/lab-report.ts';
import { listSampledKits } from '../../shared/db/sampled-kits.ts';
import type { Deps } from './deps.ts';

export type FoundPatient = {
  readonly patientId: string;
  readonly country: string;
  /** The home test kit that the specimen came in. */
  readonly testKitId?: string | undefined;
};
export type NotFound = { readonly reasons: readonly (MismatchReason | 'of-another-country')[] };

/**
 * Whose results they are: by the laboratory's order, the specimen's barcode and the patient's identifiers, which must lead to
 * one person whose birth date and sex do not contradict.
 */
export async function findPatient(
  { patients, kits }: Pick<Deps, 'patients' | 'kits'>,
  tx: Queryable,
  { sender, report, country }: { sender: string; report: LabReport; country: string | null },
): Promise<FoundPatient | NotFound> {
  const { fillerOrder, patient } = report;
  const ofOrder = await listPatientsOfOrder(tx, sender, fillerOrder.value);
  const ofKits = await listSampledKits(kits, barcodesOf(report));
  const byOrder = await listIdentities(patients, [...ofOrder, ...ofKits.map((kit) => kit.patientId)]);
  const byIdentifier = await listIdentified(patients, patient.identifiers);
  const match = matchPatient({ byOrder, byIdentifier, birthDate: patient.birthDate, sex: patient.sex });
  if (!match.matched) return match;
  // Also where nobody knows them any more: what was said of them is not to be joined to another's.
  if (ofOrder.some((id) => id !== match.patientId)) return { reasons: ['order-of-another'] };
  const known = find([...byOrder, ...byIdentifier], match.patientId);
  if (country !== null && known.country !== country) return { reasons: ['of-another-country'] };
  return { ...known, testKitId: ofKits[0]?.testKitId };
}

/** The home test kit of the patient that a report's specimen came in. */
export async function findKit(
  { kits }: Pick<Deps, 'kits'>,
  report: LabReport,
  patientId: string,
): Promise<string | undefined> {
  const found = await listSampledKits(kits, barcodesOf(report));
  return found.find((kit) => kit.patientId === patientId)?.testKitId;
}

function barcodesOf({ specimens }: LabReport): string[] {
  return specimens.flatMap(({ identifiers }) => identifiers.map(({ value }) => value));
}

/** The country of the first of the message's patients whom anybody knows by an identifier; null for nobody. */
export async function countryOf(
  { patients }: Pick<Deps, 'patients'>,
  reports: readonly LabReport[],
): Promise<string | null> {
  const [known] = await listIdentified(
    patients,
    reports.flatMap(({ patient }) => patient.identifiers),
  );
  return known?.country ?? null;
}

function find(identities: readonly KnownIdentity[], patientId: string): FoundPatient {
  const found = identities.find((identity) => identity.patientId === patientId);
  if (found === undefined) throw new Error('A patient was matched whom nobody found');
  return { patientId, country: found.country };
}
