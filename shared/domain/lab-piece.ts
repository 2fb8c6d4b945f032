import {
  type CriticalValue,
  decideRelease,
  type HeldBecause,
  type ReleaseDecision,
  type ReleasePreference,
  type TestCategory,
} from './lab-release.ts';

/** Also while nobody has said what the code of an observation means. */
export type WhyHeld = HeldBecause | 'unmapped-code';

/**
 * What is released by itself: an observation, or what a report says of its own (its documents and its conclusion). Nothing that
 * is added to a report prolongs the hold of what was there, or is released with it.
 */
export type Piece = {
  /** Since when it is known here that the laboratory ever stood by it. */
  readonly conclusiveAt: Temporal.Instant | null;
  readonly reviewedAt: Temporal.Instant | null;
  readonly reviewedBy: string | null;
  /** When an office let the patient see it, whatever held it. */
  readonly forcedAt: Temporal.Instant | null;
  readonly forcedBy: string | null;
  /** What its patient preferred when it was decided on; when it was released, once it is. */
  readonly preference: ReleasePreference | null;
  /** When the patient may see it, and why not before. */
  readonly releaseAt: Temporal.Instant | null;
  readonly heldBecause: WhyHeld[];
  /** Since when the patient sees it. */
  readonly releasedAt: Temporal.Instant | null;
};

/** What nobody has decided on. */
export const newPiece: Piece = {
  conclusiveAt: null,
  reviewedAt: null,
  reviewedBy: null,
  forcedAt: null,
  forcedBy: null,
  preference: null,
  releaseAt: null,
  heldBecause: [],
  releasedAt: null,
};

/** As if it had just come: whoever decided did not know what has become of it. */
export function undecided<Known extends Piece>(piece: Known): Known {
  return { ...piece, reviewedAt: null, reviewedBy: null, forcedAt: null, forcedBy: null, releasedAt: null };
}

/** A clinician has looked at it; again, and the first time counts. What is not final yet, nobody has looked at. */
export function reviewed(piece: Piece, reviewedBy: string, now: Temporal.Instant): Piece {
  return piece.conclusiveAt && !piece.reviewedAt ? { ...piece, reviewedAt: now, reviewedBy } : piece;
}

/** An office lets the patient see it, whatever holds it but the laboratory. */
export function forced(piece: Piece, forcedBy: string, now: Temporal.Instant): Piece {
  return piece.conclusiveAt && !piece.forcedAt ? { ...piece, forcedAt: now, forcedBy } : piece;
}

type Facts = {
  readonly category: TestCategory;
  /** The patient's, of now. */
  readonly preference: ReleasePreference;
  readonly isParked: boolean;
  readonly critical: readonly CriticalValue[];
  readonly now: Temporal.Instant;
};

/**
 * Decides when the patient may see a piece. What they see is not taken back because they prefer something else by now, or because
 * whoever decides read the clock before it was released.
 */
export function released<Known extends Piece>(piece: Known, { now, ...facts }: Facts): Known {
  const preference = (piece.releasedAt && piece.preference) ?? facts.preference;
  const { releaseAt = null, heldBecause } = decide(piece, { ...facts, preference });
  const isDue = releaseAt !== null && Temporal.Instant.compare(releaseAt, laterOf(now, piece.releasedAt)) <= 0;
  const releasedAt = isDue ? (piece.releasedAt ?? now) : null;
  return { ...piece, preference, releaseAt, heldBecause: [...heldBecause], releasedAt };
}

function laterOf(now: Temporal.Instant, before: Temporal.Instant | null): Temporal.Instant {
  return before && Temporal.Instant.compare(before, now) > 0 ? before : now;
}

type Decision = Omit<ReleaseDecision, 'heldBecause'> & { readonly heldBecause: readonly WhyHeld[] };

function decide(piece: Piece, { isParked, ...facts }: Omit<Facts, 'now'>): Decision {
  const { conclusiveAt, reviewedAt, forcedAt } = piece;
  if (isParked) return { releaseAt: undefined, heldBecause: ['unmapped-code'] };
  if (!conclusiveAt) return { releaseAt: undefined, heldBecause: ['not-final'] };
  if (forcedAt) return { releaseAt: forcedAt, heldBecause: [] };
  return decideRelease({ ...facts, status: 'final', conclusiveAt, reviewedAt: reviewedAt ?? undefined });
}

const reasons: readonly WhyHeld[] = ['not-final', 'category', 'preference', 'critical', 'unmapped-code'];

/** When the next of what is held may be seen, why any of it is held, and since when anything is seen. */
export function summaryOf(pieces: readonly Piece[]): Pick<Piece, 'releaseAt' | 'heldBecause' | 'releasedAt'> {
  const held = pieces.filter(({ releasedAt }) => releasedAt === null);
  return {
    releaseAt: firstOf(held.flatMap(({ releaseAt }) => releaseAt ?? [])),
    heldBecause: reasons.filter((reason) => held.some(({ heldBecause }) => heldBecause.includes(reason))),
    releasedAt: firstOf(pieces.flatMap(({ releasedAt }) => releasedAt ?? [])),
  };
}

function firstOf(times: readonly Temporal.Instant[]): Temporal.Instant | null {
  return times.toSorted(Temporal.Instant.compare)[0] ?? null;
}
