export type ConsentPurpose = 'terms' | 'data-processing' | 'test-kit' | 'record-sharing' | 'research' | 'marketing';

export type ConsentDecision = 'given' | 'withdrawn';

/** What holds for a purpose: the last decision on it, and which text it was on. */
export type Consent = {
  readonly purpose: ConsentPurpose;
  readonly version: number;
  readonly decision: ConsentDecision;
  /** Null where somebody withdrew what they are not known to have consented to. */
  readonly consentVersion: string | null;
};

type Wish = Pick<Consent, 'decision' | 'consentVersion'>;

/** The decision to write down after the last one; undefined where that says the same. */
export function decide(last: Consent | undefined, wish: Wish): (Wish & { readonly version: number }) | undefined {
  if (last && saysTheSame(last, wish)) return undefined;
  return { ...wish, version: (last?.version ?? 0) + 1 };
}

/**
 * Consent to a test is given with each kit, and becomes known here later: who withdraws it again may withdraw what is still on
 * its way.
 */
function saysTheSame(last: Consent, { decision, consentVersion }: Wish): boolean {
  if (last.purpose === 'test-kit' && decision === 'withdrawn') return false;
  return last.decision === decision && last.consentVersion === consentVersion;
}

export type DatedDecision = { readonly decision: ConsentDecision; readonly occurredAt: Temporal.Instant };

/** Whether the last decision on a purpose withdrew it at that instant or later. */
export function isWithdrawnSince(last: DatedDecision | undefined, since: Temporal.Instant): boolean {
  return last?.decision === 'withdrawn' && Temporal.Instant.compare(last.occurredAt, since) >= 0;
}
