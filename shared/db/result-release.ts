import { type Piece, released, summaryOf } from '../domain/lab-piece.ts';
import type { ReleasePreference } from '../domain/lab-release.ts';
import { hasOwnWord } from '../domain/lab-report.ts';
import { isConclusive } from '../domain/lab-status.ts';
import type { Queryable } from './client.ts';
import { rememberHidden } from './hidden-pieces.ts';
import {
  addReleaseDecisions,
  listObservations,
  lockReport,
  type ReportId,
  saveDecisions,
  saveReport,
} from './lab-reports.ts';
import { enqueue, type OutgoingEvent } from './outbox.ts';
import { type FactsOfPieces, readPieceFacts } from './piece-facts.ts';
import { shareReleasePreference } from './release-preferences.ts';
import { resultReleased } from './result-events.ts';
import { laboratoryOutbox, type ObservationRow, type ReportRow } from './schema/laboratory.ts';

type At = { readonly now: Temporal.Instant; readonly traceparent: string };

/** A report with all its observations. */
type Whole = { readonly report: ReportRow; readonly observations: readonly ObservationRow[] };

/** A report as it is now, with the events that tell of it. */
export type Settled = Whole & { readonly events: readonly OutgoingEvent[] };

/** What somebody decides on each piece that is there. */
type Change = (piece: Piece) => Piece;

/**
 * Decides anew when the patient may see what of a report that is taken, each piece by itself, and saves it. What is visible
 * follows from what is known and the time alone, in whatever order it became known.
 */
export async function settleRelease(
  tx: Queryable,
  before: Whole,
  at: At,
  change: Change = (piece) => piece,
): Promise<Settled> {
  const { report, observations } = before;
  const preference = await shareReleasePreference(tx, report.patientId);
  const pieces = await readPieceFacts(tx, report, observations);
  const after = settle(before, { preference, pieces, now: at.now }, change);
  await saveReport(tx, after.report);
  await saveDecisions(
    tx,
    after.observations.filter((row, index) => row !== observations[index]),
  );
  await addReleaseDecisions(tx, decisionsOf(before, after, at.now));
  await rememberHidden(tx, report.id, hiddenOf(before, after));
  return { ...after, events: isSeenAnew(before, after) ? [resultReleased(after.report, at)] : [] };
}

/** Takes a report, changes its pieces and lets its patient see what of it is due by then. Throws `not-found`. */
export async function changeRelease(tx: Queryable, id: ReportId, change: Change, at: At): Promise<Settled> {
  const report = await lockReport(tx, id);
  const settled = await settleRelease(
    tx,
    { report, observations: await listObservations(tx, [report.id]) },
    at,
    change,
  );
  await enqueue(tx, laboratoryOutbox, settled.events);
  return settled;
}

/** What a patient is shown; of what its laboratory does not stand by, that there is something. */
export function isForPatient({ releasedAt }: Piece): boolean {
  return releasedAt !== null;
}

/** Whether a patient reads what it says. */
export function isReadByPatient(row: ObservationRow): boolean {
  return isForPatient(row) && isConclusive(row.status);
}

/** Whether a patient reads the documents and the conclusion of a report. */
export function isOwnWordRead({ status, ownReleasedAt }: ReportRow): boolean {
  return ownReleasedAt !== null && isConclusive(status);
}

/** What a report says of its own, as the piece it is. */
export function ownPieceOf(report: Omit<ReportRow, 'version'>): Piece {
  const { ownReleaseAt: releaseAt, ownHeldBecause: heldBecause, ownReleasedAt: releasedAt } = report;
  const { conclusiveAt, reviewedAt, reviewedBy, forcedAt, forcedBy, preference } = report;
  const decided = { conclusiveAt, reviewedAt, reviewedBy, forcedAt, forcedBy, preference };
  return { ...decided, releaseAt, heldBecause, releasedAt };
}

export function withOwnPiece<Known extends object>(
  report: Known,
  { releaseAt, heldBecause, releasedAt, ...decided }: Piece,
) {
  return {
    ...report,
    ...decided,
    ownReleaseAt: releaseAt,
    ownHeldBecause: heldBecause,
    ownReleasedAt: releasedAt,
  };
}

type Facts = {
  readonly preference: ReleasePreference;
  readonly pieces: FactsOfPieces;
  readonly now: Temporal.Instant;
};

function settle({ report, observations }: Whole, { pieces, ...facts }: Facts, change: Change): Whole {
  const settled = observations.map((row) => {
    const { isParked } = row;
    const after = released({ ...row, ...change(row) }, { ...facts, ...pieces.of(row), isParked });
    return isSame(row, after) ? row : after;
  });
  // Where it says nothing of its own and has observations, there is nothing of its own to be seen.
  const isPiece = hasOwnWord(report.content) || observations.length === 0;
  const own = released(change(ownPieceOf(report)), { ...facts, ...pieces.ofReport, isParked: false });
  const seen = isPiece ? own : { ...own, releaseAt: null, heldBecause: [], releasedAt: null };
  const summary = summaryOf(isPiece ? [seen, ...settled] : settled);
  return { report: { ...withOwnPiece(report, seen), ...summary }, observations: settled };
}

function isSame(one: Piece, other: Piece): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

/** Why anything is held, or was until then. */
function decisionsOf(before: Whole, after: Whole, decidedAt: Temporal.Instant) {
  const { id: reportId } = after.report;
  const pieces = [
    { observationId: null, was: ownPieceOf(before.report), is: ownPieceOf(after.report) },
    ...after.observations.map((is, index) => ({ observationId: is.id, was: before.observations[index] ?? is, is })),
  ];
  return pieces
    .filter(({ was, is }) => isNews(was, is))
    .map(({ observationId, is: { releaseAt, heldBecause } }) => ({
      reportId,
      observationId,
      decidedAt,
      releaseAt,
      heldBecause,
    }));
}

function isNews(was: Piece, is: Piece): boolean {
  const told = ({ releaseAt, heldBecause }: Piece) => `${releaseAt?.toString()} ${heldBecause.join()}`;
  return told(was) !== told(is) && was.heldBecause.length + is.heldBecause.length > 0;
}

/** What is known of a report that may be new. */
type Former = { readonly report: ReportRow | undefined; readonly observations: readonly ObservationRow[] };

/** What was read before and is not seen afterwards: observations, and the report where it is its own word. */
export function hiddenOf(before: Former, after: Whole): string[] {
  const seen = new Set(after.observations.filter(isForPatient).map(({ id }) => id));
  const hidden = before.observations.filter((row) => isReadByPatient(row) && !seen.has(row.id));
  const isOwn = before.report && isOwnWordRead(before.report) && after.report.ownReleasedAt === null;
  return [...hidden.map(({ id }) => id), ...(isOwn ? [after.report.id] : [])];
}

function isSeenAnew(before: Whole, after: Whole): boolean {
  const isRead = isOwnWordRead(after.report) || after.observations.some(isReadByPatient);
  const isFirst = before.report.releasedAt === null && isRead;
  const isOwn = before.report.ownReleasedAt === null && isOwnWordRead(after.report);
  return isFirst || isOwn || after.observations.some((row, index) => isReadAnew(before.observations[index], row));
}

function isReadAnew(before: ObservationRow | undefined, after: ObservationRow): boolean {
  return isReadByPatient(after) && before?.releasedAt === null;
}
