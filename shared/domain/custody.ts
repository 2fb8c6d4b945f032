/** What happens to a test kit, in the order of a life without incident. */
export const custodySteps = [
  'ordered',
  'shipped',
  'delivered',
  'registered',
  'collected',
  'posted',
  'accessioned',
  'rejected',
  'resulted',
] as const;
export type CustodyStep = (typeof custodySteps)[number];

/** Where a kit stands: in stock until somebody ordered it, and then the furthest step of its chain. */
export type KitStatus = 'stocked' | CustodyStep;

/**
 * What may follow. A scan on the way may be missed, the steps that the result rests on may not: a sample that comes to the
 * laboratory without having been collected is received, so that it can be rejected.
 */
const followers: Record<KitStatus, readonly CustodyStep[]> = {
  stocked: ['ordered', 'shipped', 'delivered', 'registered'],
  ordered: ['shipped', 'delivered', 'registered'],
  shipped: ['delivered', 'registered'],
  delivered: ['registered'],
  registered: ['collected', 'accessioned', 'rejected'],
  collected: ['posted', 'accessioned', 'rejected'],
  posted: ['accessioned', 'rejected'],
  accessioned: ['resulted', 'rejected'],
  rejected: [],
  resulted: [],
};

/** Scans that carriers hand in late: kept in the chain, while the kit stays where it is. */
const lateSteps: ReadonlySet<CustodyStep> = new Set(['shipped', 'delivered', 'posted']);

export type CustodyEntry = { readonly step: CustodyStep; readonly happenedAt: Temporal.Instant };

export type CustodyRefusal =
  'recorded-before' | 'out-of-turn' | 'in-the-future' | 'before-the-last-step' | 'another-order';

export type CustodyMove = { readonly status: KitStatus } | { readonly refusedBecause: CustodyRefusal };

/** How far the clocks of those who scan may be apart, and from ours. */
const CLOCK_SKEW = { minutes: 5 };

/** What becomes of a kit by another step of its chain, whose entries are in the order they were recorded. */
export function takeStep(
  { status, chain }: { readonly status: KitStatus; readonly chain: readonly CustodyEntry[] },
  { step, happenedAt }: CustodyEntry,
  now: Temporal.Instant,
): CustodyMove {
  if (isAfter(happenedAt, now.add(CLOCK_SKEW))) return { refusedBecause: 'in-the-future' };
  if (chain.some((entry) => entry.step === step)) return { refusedBecause: 'recorded-before' };
  if (step === 'resulted' && !chain.some((entry) => entry.step === 'collected'))
    return { refusedBecause: 'out-of-turn' };
  if (followers[status].includes(step)) {
    const last = lastOf(chain);
    const isBackwards = last !== undefined && isAfter(last.happenedAt, happenedAt.add(CLOCK_SKEW));
    return isBackwards ? { refusedBecause: 'before-the-last-step' } : { status: step };
  }
  const isLate = lateSteps.has(step) && rankOf(step) < rankOf(status) && status !== 'stocked';
  return isLate ? { status } : { refusedBecause: 'out-of-turn' };
}

/** Whether a kit that stands there can still become somebody's. */
export function mayBeRegistered(status: KitStatus): boolean {
  return followers[status].includes('registered');
}

/** Where a kit was last seen. To register it is done at a desk: it says nothing of when the sample was collected. */
function lastOf(chain: readonly CustodyEntry[]): CustodyEntry | undefined {
  const seen = chain.filter(({ step }) => step !== 'registered');
  return seen.toSorted((one, other) => rankOf(one.step) - rankOf(other.step)).at(-1);
}

function rankOf(status: KitStatus): number {
  return custodySteps.findIndex((step) => step === status);
}

function isAfter(one: Temporal.Instant, other: Temporal.Instant): boolean {
  return Temporal.Instant.compare(one, other) > 0;
}
