import type { CriticalLimit } from '../../shared/db/local-codes.ts';
import { ownPieceOf, withOwnPiece } from '../../shared/db/result-release.ts';
import type { ReportRow } from '../../shared/db/schema/laboratory.ts';
import { undecided } from '../../shared/domain/lab-piece.ts';
import { hasDocument } from '../../shared/domain/lab-report.ts';
import type { Merged, MergedObservation } from './merge-report.ts';
import { criticalNews } from '../../shared/db/raise-alerts.ts';

/**
 * What has become critical is for a clinician to see first, whatever was decided on it before; and so is a document or a
 * conclusion that changed with it, or while something critical is held: it may tell of that.
 */
export function holdCritical(merged: Merged, before: ReportRow | undefined, limits: readonly CriticalLimit[]): Merged {
  const changed = merged.observations.filter(({ change }) => change !== 'repeated');
  const news = new Set(criticalNews(changed, limits));
  const mayTell = news.size > 0 || before?.heldBecause.includes('critical') === true;
  const isHeld = (one: MergedObservation) =>
    news.has(one) || (mayTell && one.change !== 'repeated' && hasDocument(one.after.content));
  return {
    ...merged,
    report: mayTell && merged.reportChange !== 'repeated' ? undecidedReport(merged.report) : merged.report,
    observations: merged.observations.map((one) => (isHeld(one) ? { ...one, after: undecided(one.after) } : one)),
  };
}

function undecidedReport(report: Merged['report']): Merged['report'] {
  return withOwnPiece(report, undecided(ownPieceOf(report)));
}
