import type { LabObservation } from './lab-report.ts';
import { isConclusive, isRetraction, type ObservationStatus, type ReportStatus } from './lab-status.ts';
import { compareTimes, type LabTime } from './lab-time.ts';

/** What decides which of two tellings of one result is the newer. */
export type LabVersion = {
  /** OBR-22; MSH-7 where the report has none. */
  readonly changedAt: LabTime | undefined;
  /** OBX-19. */
  readonly analysedAt: LabTime | undefined;
  /** MSH-7. */
  readonly sentAt: LabTime | undefined;
  readonly status: ObservationStatus;
  /** `contentOf` the observation, or a digest of it. */
  readonly content: string;
};

/** From what is expected to what takes back what was said: of two that name the same times, the later of these stands. */
const rank: Readonly<Record<ObservationStatus, number>> = {
  registered: 0,
  unknown: 1,
  preliminary: 2,
  final: 3,
  amended: 4,
  corrected: 5,
  cancelled: 6,
  'entered-in-error': 7,
};

/**
 * Negative when `one` is the older. A total order: in whatever order versions arrive, the same one is the last. Two are
 * equal only when they say the same.
 */
export function compareVersions(one: LabVersion, other: LabVersion): number {
  return (
    compareTimes(one.changedAt, other.changedAt) ||
    compareTimes(one.analysedAt, other.analysedAt) ||
    compareTimes(one.sentAt, other.sentAt) ||
    rank[one.status] - rank[other.status] ||
    compareTexts(one.content, other.content)
  );
}

/** What a newer version does to what stood before it. */
export type LabChange =
  /** Nothing was known. */
  | 'first'
  /** It says what was known. */
  | 'repeated'
  /** Nothing that stood is touched: a preliminary result became final. */
  | 'updated'
  /** What the laboratory stood by is replaced. */
  | 'corrected'
  /** What the laboratory stood by stands no longer. */
  | 'retracted';

/** `before` is the version that stood until `next`, which is newer by `compareVersions`. */
export function changeOf(before: LabVersion | undefined, next: LabVersion): LabChange {
  if (!before) return 'first';
  if (before.content === next.content) return 'repeated';
  if (!isConclusive(before.status)) return 'updated';
  return isConclusive(next.status) ? 'corrected' : 'retracted';
}

/** What a newer version does to a report: one that has more results to come again takes none back. */
export function reportChangeOf(before: LabVersion | undefined, next: LabVersion): LabChange {
  const change = changeOf(before, next);
  return change === 'retracted' && !isRetraction(next.status) ? 'updated' : change;
}

/** What an observation says, times apart: two with the same content tell nobody anything new. */
export function contentOf(observation: LabObservation): string {
  const { code, subId, values, unit, ranges, interpretation, status, statusCode, notes } = observation;
  return JSON.stringify([code, subId, values, unit, ranges, interpretation, status, statusCode, notes]);
}

export type Versioned = {
  readonly changedAt: LabTime | null;
  readonly analysedAt?: LabTime | null;
  readonly sentAt: LabTime | null;
  readonly status: ReportStatus;
  readonly digest: string;
};

export function versionOf({ changedAt, analysedAt, sentAt, status, digest }: Versioned): LabVersion {
  return {
    changedAt: changedAt ?? undefined,
    analysedAt: analysedAt ?? undefined,
    sentAt: sentAt ?? undefined,
    // A partial report has results to come, as a preliminary result has its final value.
    status: status === 'partial' ? 'preliminary' : status,
    content: digest,
  };
}

export function compareTexts(one: string, other: string): number {
  return one < other ? -1 : Number(one > other);
}
