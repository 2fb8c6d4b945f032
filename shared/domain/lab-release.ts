import { isConclusive, type ReportStatus } from './lab-status.ts';

/** What a result may mean to whoever reads it alone, from what is held least to what is held most. */
export const testCategories = ['routine', 'sensitive', 'pathology', 'genetic'] as const;
export type TestCategory = (typeof testCategories)[number];

/** When a patient wants to see results: as the category advises, at once, or when a clinician has looked at them. */
export const releasePreferences = ['as-advised', 'at-once', 'after-review'] as const;
export type ReleasePreference = (typeof releasePreferences)[number];

export type ReleaseRule = {
  /** How long a clinician has the result before its patient, unless they have looked at it before. */
  readonly holdHours: number;
  /** Whether a patient's wish to see it at once goes before that. */
  readonly isWaivable: boolean;
  /** The longest anything keeps a result from its patient, from the laboratory's final word or a critical alert on. */
  readonly maximumHoldHours: number;
};

/** A laboratory's or a country's own may take their place. */
export const releaseRules: Readonly<Record<TestCategory, ReleaseRule>> = {
  routine: { holdHours: 0, isWaivable: true, maximumHoldHours: 72 },
  sensitive: { holdHours: 24, isWaivable: true, maximumHoldHours: 72 },
  pathology: { holdHours: 72, isWaivable: true, maximumHoldHours: 168 },
  genetic: { holdHours: 72, isWaivable: false, maximumHoldHours: 168 },
};

/** A critical result nobody acknowledged has been escalated to the end long before. */
const CRITICAL_HOLD_HOURS = 24;

/** Diagnostic service sections (OBR-24, HL7 table 0074) whose reports are not routine. */
const categoriesBySection: Readonly<Record<string, TestCategory>> = {
  SP: 'pathology',
  CP: 'pathology',
  PAT: 'pathology',
  GE: 'genetic',
  VR: 'sensitive',
  TX: 'sensitive',
};

export function categoryOfSection(section: string | undefined): TestCategory {
  return section !== undefined && Object.hasOwn(categoriesBySection, section)
    ? (categoriesBySection[section] ?? 'routine')
    : 'routine';
}

/** What is said of a report twice is held as the stricter of the two would be. */
export function strictestOf(one: TestCategory, other: TestCategory): TestCategory {
  return testCategories.indexOf(one) < testCategories.indexOf(other) ? other : one;
}

/** Something critical in what is released. */
export type CriticalValue = {
  /** When a clinician was alerted to it; undefined where nobody was. */
  readonly alertedAt: Temporal.Instant | undefined;
  readonly acknowledgedAt: Temporal.Instant | undefined;
};

export type Releasable = {
  readonly status: ReportStatus;
  /** When the laboratory's final word on it came. */
  readonly conclusiveAt: Temporal.Instant;
  readonly category: TestCategory;
  readonly preference: ReleasePreference;
  /** When a clinician looked at it. */
  readonly reviewedAt: Temporal.Instant | undefined;
  readonly critical: readonly CriticalValue[];
};

export type HeldBecause = 'not-final' | 'category' | 'preference' | 'critical';

export type ReleaseDecision = {
  /** Undefined while the laboratory has not said its final word. */
  readonly releaseAt: Temporal.Instant | undefined;
  /** Why that is later than the final word. */
  readonly heldBecause: readonly HeldBecause[];
};

type Hold = { readonly because: HeldBecause; readonly until: Temporal.Instant };

/** When the patient may see a result, and why not before. */
export function decideRelease(report: Releasable, rules = releaseRules): ReleaseDecision {
  if (!isConclusive(report.status)) return { releaseAt: undefined, heldBecause: ['not-final'] };
  const holds = holdsOf(report, rules[report.category]).filter(
    ({ until }) => Temporal.Instant.compare(until, report.conclusiveAt) > 0,
  );
  const releaseAt = holds.map(({ until }) => until).reduce(later, report.conclusiveAt);
  return { releaseAt, heldBecause: [...new Set(holds.map(({ because }) => because))] };
}

function holdsOf(report: Releasable, rule: ReleaseRule): Hold[] {
  const { conclusiveAt, preference, reviewedAt, critical } = report;
  const after = (hours: number, since = conclusiveAt) => since.add({ hours: Math.min(hours, rule.maximumHoldHours) });
  const holds: Hold[] = [];
  if (!(preference === 'at-once' && rule.isWaivable))
    holds.push({ because: 'category', until: sooner(reviewedAt, after(rule.holdHours)) });
  if (preference === 'after-review')
    holds.push({ because: 'preference', until: sooner(reviewedAt, after(rule.maximumHoldHours)) });
  for (const { alertedAt = conclusiveAt, acknowledgedAt } of critical) {
    // A clinician has their time from the moment they are alerted.
    const until = after(CRITICAL_HOLD_HOURS, later(alertedAt, conclusiveAt));
    holds.push({ because: 'critical', until: sooner(acknowledgedAt, until) });
  }
  return holds;
}

function sooner(one: Temporal.Instant | undefined, other: Temporal.Instant): Temporal.Instant {
  return one && Temporal.Instant.compare(one, other) < 0 ? one : other;
}

function later(one: Temporal.Instant, other: Temporal.Instant): Temporal.Instant {
  return Temporal.Instant.compare(one, other) > 0 ? one : other;
}
