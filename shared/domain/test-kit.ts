import { type DatedDecision, isWithdrawnSince } from './consent.ts';
import { againstPerson, type Eligibility, type Ineligibility, type Person } from './eligibility.ts';
import { localDate } from './zone.ts';

/** What is registered and analysed, and for whom it is meant. */
export type TestProduct = Eligibility & {
  /** The version of the consent text that is asked for now. */
  readonly consentVersion: string;
  /** How long after it was collected a sample can be analysed. */
  readonly stabilityHours: number;
};

export type KitFacts = {
  readonly holderId: string | null;
  readonly isSpent: boolean;
  readonly product: TestProduct;
  /** The last day on which the lot may be used, as its label says (ISO 15223-1, use-by date). */
  readonly lotExpiresOn: Temporal.PlainDate;
};

export type KitRequest = {
  readonly patientId: string;
  readonly consentVersion: string;
  /** What the person last decided on test kits; undefined where they never did. */
  readonly lastConsent: DatedDecision | undefined;
  readonly person: Person;
  readonly timeZone: string;
};

export type KitRejection =
  | { readonly reason: 'unknown' | 'claimed-by-another' | 'spent' | 'consent-outdated' | 'lot-expired' }
  | { readonly reason: 'not-eligible'; readonly details: readonly Ineligibility[] };

/**
 * Why a kit cannot be registered for a person who asked for it at `askedAt`; undefined when it can. To ask with the text of
 * the product is to consent for this kit, whatever was withdrawn before; what is withdrawn from then on counts.
 */
export function againstRegistration(
  kit: KitFacts | undefined,
  { patientId, consentVersion, lastConsent, person, timeZone }: KitRequest,
  askedAt: Temporal.Instant,
): KitRejection | undefined {
  if (kit === undefined) return { reason: 'unknown' };
  if (kit.holderId !== null && kit.holderId !== patientId) return { reason: 'claimed-by-another' };
  if (kit.isSpent) return { reason: 'spent' };
  const today = localDate(timeZone, askedAt);
  const details = againstPerson(kit.product, person, today);
  if (details.length > 0) return { reason: 'not-eligible', details };
  const isOutdated = consentVersion !== kit.product.consentVersion || isWithdrawnSince(lastConsent, askedAt);
  if (isOutdated) return { reason: 'consent-outdated' };
  return isExpired(kit.lotExpiresOn, today) ? { reason: 'lot-expired' } : undefined;
}

export type SampleFacts = {
  readonly collectedAt: Temporal.Instant | null;
  readonly lotExpiresOn: Temporal.PlainDate;
  readonly timeZone: string;
  readonly stabilityHours: number;
  /** When its kit was asked for. */
  readonly consentedAt: Temporal.Instant;
  /** What the person last decided on test kits; undefined where they never did. */
  readonly lastConsent: DatedDecision | undefined;
};

export type SampleFault = 'consent-outdated' | 'collection-time-missing' | 'lot-expired' | 'sample-unstable';

/** Why a sample that has come to the laboratory cannot be analysed; undefined when it can. */
export function againstSample(
  { collectedAt, lotExpiresOn, timeZone, stabilityHours, consentedAt, lastConsent }: SampleFacts,
  arrivedAt: Temporal.Instant,
): SampleFault | undefined {
  if (isWithdrawnSince(lastConsent, consentedAt)) return 'consent-outdated';
  if (collectedAt === null) return 'collection-time-missing';
  if (isExpired(lotExpiresOn, localDate(timeZone, collectedAt))) return 'lot-expired';
  const lastsUntil = collectedAt.add({ hours: stabilityHours });
  return Temporal.Instant.compare(arrivedAt, lastsUntil) > 0 ? 'sample-unstable' : undefined;
}

function isExpired(lastDay: Temporal.PlainDate, day: Temporal.PlainDate): boolean {
  return Temporal.PlainDate.compare(day, lastDay) > 0;
}
