/** What a provider tells of a message after it was handed over. */
export type Feedback =
  | { readonly what: 'taken'; readonly providerMessageId: string; readonly deliveryId: string }
  | {
      readonly what: 'bounced' | 'bounced-for-now' | 'complained';
      readonly providerMessageId: string;
      readonly feedbackId: string;
      readonly addresses: readonly string[];
      readonly at: Temporal.Instant;
    };

/** A full mailbox or a server that is away is no reason to give an address up; one that is so for weeks is. */
const MOST_TRANSIENT_BOUNCES = 5;
const TRANSIENT_BOUNCES_COUNT_FOR = { hours: 30 * 24 };

/** Whether, and why, an address is written to no more, after so many transient bounces of late. */
export function suppressedBecause(
  what: Feedback['what'],
  transientBounces: number,
): 'bounced' | 'complained' | undefined {
  if (what === 'bounced' || what === 'complained') return what;
  return what === 'bounced-for-now' && transientBounces >= MOST_TRANSIENT_BOUNCES ? 'bounced' : undefined;
}

/** Transient bounces before that do not count any more. */
export function transientBouncesSince(now: Temporal.Instant): Temporal.Instant {
  return now.subtract(TRANSIENT_BOUNCES_COUNT_FOR);
}
