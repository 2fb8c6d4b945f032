import type { Channel } from './notification.ts';

/** What a provider tells of a message after it was handed over. */
export type Feedback =
  | { readonly what: 'taken'; readonly providerMessageId: string; readonly deliveryId: string }
  | {
      readonly what: 'text-taken';
      readonly providerMessageId: string;
      /** The phone: which of the texts to it that was is not told. */
      readonly address: string;
      readonly at: Temporal.Instant;
    }
  | Complaint;

/** That an address did not take a message, or that its owner complained. */
export type Complaint = {
  readonly what: 'bounced' | 'bounced-for-now' | 'complained';
  readonly channel: Channel;
  readonly feedbackId: string;
  readonly addresses: readonly string[];
  readonly at: Temporal.Instant;
};

/** A full mailbox or a server that is away is no reason to give an address up; one that is so for weeks is. */
const MOST_TRANSIENT_BOUNCES = 5;
const TRANSIENT_BOUNCES_COUNT_FOR = { hours: 30 * 24 };

/** Whether, and why, an address is written to no more, after so many transient bounces of late. */
export function suppressedBecause(
  what: Complaint['what'],
  transientBounces: number,
): 'bounced' | 'complained' | undefined {
  if (what === 'bounced' || what === 'complained') return what;
  return transientBounces >= MOST_TRANSIENT_BOUNCES ? 'bounced' : undefined;
}

/** Transient bounces before that do not count any more. */
export function transientBouncesSince(now: Temporal.Instant): Temporal.Instant {
  return now.subtract(TRANSIENT_BOUNCES_COUNT_FOR);
}
