export type Sex = 'female' | 'male' | 'other' | 'unknown';

/** Who may use a test. */
export type Eligibility = {
  /** In completed years. */
  readonly minAge: number;
  readonly maxAge: number | null;
  /** Null where it is for everybody. */
  readonly sexes: readonly Sex[] | null;
  /** ISO 3166-1 alpha-2, lower case. */
  readonly regions: readonly string[];
};

export type Person = {
  readonly birthDate: Temporal.PlainDate;
  readonly sex: Sex;
  readonly region: string;
};

export type Ineligibility = 'too-young' | 'too-old' | 'sex' | 'region';

/** Everything that speaks against a person using a test on a day of their own calendar. */
export function againstPerson(rule: Eligibility, person: Person, today: Temporal.PlainDate): Ineligibility[] {
  const age = person.birthDate.until(today, { largestUnit: 'years' }).years;
  const reasons: Ineligibility[] = [];
  if (age < rule.minAge) reasons.push('too-young');
  if (rule.maxAge !== null && age > rule.maxAge) reasons.push('too-old');
  if (rule.sexes !== null && !rule.sexes.includes(person.sex)) reasons.push('sex');
  if (!rule.regions.includes(person.region)) reasons.push('region');
  return reasons;
}
