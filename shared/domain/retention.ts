/** A law that wants records kept, and for how long after the last of them. */
export type Retention = {
  readonly law: string;
  readonly years: number;
  /** Never before the patient's birthday of this age. */
  readonly untilAge?: number;
};

/** Kinds of records that a law may want kept after their patient was erased. */
export const retainedKinds = ['clinical', 'consent'] as const;
export type RetainedKind = (typeof retainedKinds)[number];

const retentions: Readonly<Record<RetainedKind, Readonly<Record<string, Retention>>>> = {
  clinical: {
    // Twenty years from the last stay or visit, and not before the 28th birthday.
    fr: { law: 'Code de la santé publique (FR), art. R. 1112-7', years: 20, untilAge: 28 },
    // Ten years from the end of the treatment.
    de: { law: 'Bürgerliches Gesetzbuch (DE), § 630f (3)', years: 10 },
  },
  // That there was consent has to be shown as long as somebody may go to law about it.
  consent: {
    fr: { law: 'GDPR, art. 7(1); Code civil (FR), art. 2224', years: 5 },
    // Three years from the end of the year.
    de: { law: 'GDPR, art. 7(1); Bürgerliches Gesetzbuch (DE), §§ 195, 199', years: 4 },
  },
};

/** The law of a country for a kind of records; where it is not known here, the longest of those that are. */
export function retentionOf(kind: RetainedKind, country: string): Retention {
  const known = retentions[kind];
  const [longest] = Object.values(known).toSorted((one, other) => other.years - one.years);
  const found = known[country] ?? longest;
  if (!found) throw new TypeError(`no country has a law for ${kind} records`);
  return found;
}

/** The first day on which the records need not be kept any more. */
export function keptUntil(
  { years, untilAge }: Retention,
  lastRecordOn: Temporal.PlainDate,
  bornOn: Temporal.PlainDate | undefined,
): Temporal.PlainDate {
  const byRecord = lastRecordOn.add({ years });
  if (untilAge === undefined || bornOn === undefined) return byRecord;
  const byAge = bornOn.add({ years: untilAge });
  return Temporal.PlainDate.compare(byAge, byRecord) > 0 ? byAge : byRecord;
}
