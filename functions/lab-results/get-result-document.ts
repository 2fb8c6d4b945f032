import type { getResultDocument as contract } from '../../schemas/api/lab-results.ts';
import { findDocument } from '../../shared/db/lab-reports.ts';
import { documentsShown, showReports } from '../../shared/db/shown-reports.ts';
import { documentIdOf } from '../../shared/domain/lab-report.ts';
import { AppError } from '../../shared/errors.ts';
import type { Operation } from '../../shared/runtime/function.ts';
import { reachReport } from './access.ts';
import type { Deps } from './deps.ts';

/** What a browser may show; anything else is saved, for nobody knows what it would do. */
const SHOWN = new Set(['application/pdf', 'image/jpeg', 'image/png']);

/** `GET /{country}/results/{id}/documents/{documentId}`: a document that the caller sees in the report. */
export function getResultDocument(deps: Deps): Operation<typeof contract> {
  return async ({ country, id, documentId }, { caller }) => {
    const { report, viewer } = await reachReport(deps, caller, { country, id });
    const shown = await showReports(deps.db, [report], { viewer });
    const isShown = shown.flatMap(documentsShown).some((document) => documentIdOf(document) === documentId);
    const document = isShown ? await findDocument(deps.db, id, documentId) : undefined;
    if (document === undefined) throw new AppError('not-found', 'There is no such document.');
    const { contentType, data } = document;
    const isKnown = SHOWN.has(contentType);
    return {
      written: data,
      mediaType: isKnown ? contentType : 'application/octet-stream',
      headers: {
        'x-content-type-options': 'nosniff',
        'content-disposition': isKnown ? 'inline' : 'attachment',
      },
    };
  };
}
