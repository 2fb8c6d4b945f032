/** How often a device's proof may fail before it has to wait. */
export const MOST_FAILURES = 5;

const FIRST_WAIT_MINUTES = 15;
const LONGEST_WAIT_MINUTES = 24 * 60;

/** How long a nonce may be answered. */
export const CHALLENGE_MINUTES = 10;

export type ProofState = {
  /** One after another, since the last proof that held. */
  readonly failures: number;
  readonly retryAt: Temporal.Instant | null;
};

/** From when on a proof is looked at again; undefined where it is at `now`. */
export function waitUntil({ retryAt }: ProofState, now: Temporal.Instant): Temporal.Instant | undefined {
  return retryAt !== null && Temporal.Instant.compare(now, retryAt) < 0 ? retryAt : undefined;
}

/** After one more failure. From the fifth on each doubles the wait, up to a day. */
export function afterFailure({ failures }: Pick<ProofState, 'failures'>, now: Temporal.Instant): ProofState {
  const all = failures + 1;
  if (all < MOST_FAILURES) return { failures: all, retryAt: null };
  // The exponent is bounded, so that no number of failures makes it infinite.
  const doubled = FIRST_WAIT_MINUTES * 2 ** Math.min(all - MOST_FAILURES, 10);
  return { failures: all, retryAt: now.add({ minutes: Math.min(doubled, LONGEST_WAIT_MINUTES) }) };
}

export function isOut({ failures }: Pick<ProofState, 'failures'>): boolean {
  return failures >= MOST_FAILURES;
}
