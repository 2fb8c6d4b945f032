import type { Sex } from './lab-report.ts';

/** Somebody a report may be about, as the platform knows them. */
export type KnownPatient = {
  readonly patientId: string;
  /** `YYYY-MM-DD`. */
  readonly birthDate: string | undefined;
  readonly sex: Sex | undefined;
};

/** Who a report's order and its patient identifiers lead to. */
export type PatientClaim = {
  readonly byOrder: readonly KnownPatient[];
  readonly byIdentifier: readonly KnownPatient[];
  readonly birthDate: string | undefined;
  readonly sex: Sex;
};

export type MismatchReason =
  /** Neither the order nor an identifier leads to anybody. */
  | 'nobody-found'
  /** They lead to more than one person. */
  | 'more-than-one-found'
  /** The order is one person's, the identifiers are another's. */
  | 'order-of-another'
  | 'birth-date-missing'
  | 'birth-date-differs'
  | 'sex-differs';

export type PatientMatch =
  | { readonly matched: true; readonly patientId: string }
  | { readonly matched: false; readonly reasons: readonly MismatchReason[] };

/** Decides whose results they are. Whatever is in doubt is nobody's until somebody has looked at it. */
export function matchPatient(claim: PatientClaim): PatientMatch {
  const found = distinct([...claim.byOrder, ...claim.byIdentifier]);
  const [patient, another] = found;
  if (!patient) return { matched: false, reasons: ['nobody-found'] };
  if (another) return { matched: false, reasons: [isDivided(claim) ? 'order-of-another' : 'more-than-one-found'] };
  const reasons = contradictions(claim, patient);
  return reasons.length > 0 ? { matched: false, reasons } : { matched: true, patientId: patient.patientId };
}

/** Sex contradicts only where both sides say male or female: `other` and `unknown` are written for want of either. */
function contradictions(claim: PatientClaim, patient: KnownPatient): MismatchReason[] {
  const reasons: MismatchReason[] = [];
  if (claim.birthDate === undefined || patient.birthDate === undefined) reasons.push('birth-date-missing');
  else if (claim.birthDate !== patient.birthDate) reasons.push('birth-date-differs');
  if (isTold(claim.sex) && isTold(patient.sex) && claim.sex !== patient.sex) reasons.push('sex-differs');
  return reasons;
}

function isTold(sex: Sex | undefined): boolean {
  return sex === 'male' || sex === 'female';
}

/** Each side leads to one person, and they are two. */
function isDivided({ byOrder, byIdentifier }: PatientClaim): boolean {
  return distinct(byOrder).length === 1 && distinct(byIdentifier).length === 1;
}

function distinct(patients: readonly KnownPatient[]): KnownPatient[] {
  return [...new Map(patients.map((patient) => [patient.patientId, patient])).values()];
}
