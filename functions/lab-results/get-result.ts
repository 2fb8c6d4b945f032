import type { getResult as contract } from '../../schemas/api/lab-results.ts';
import { showReports } from '../../shared/db/shown-reports.ts';
import type { Operation } from '../../shared/runtime/function.ts';
import { reachReport } from './access.ts';
import type { Deps } from './deps.ts';
import { fhir } from './lab-content.ts';
import { placeResult, representResult } from './represent-result.ts';

/** `GET /{country}/results/{id}`, as JSON or as a FHIR R4 bundle. */
export function getResult(deps: Deps): Operation<typeof contract> {
  return async (id, { caller, preferred }) => {
    const { report, viewer } = await reachReport(deps, caller, id);
    const shown = await showReports(deps.db, [report], { viewer });
    if (preferred === undefined) {
      const [body] = shown.map(representResult);
      if (body === undefined) throw new Error('A report that was reached cannot be shown');
      return { body };
    }
    const { toBundle } = await import('../../shared/fhir/diagnostic-report.ts');
    return { written: JSON.stringify(toBundle('collection', shown.map(placeResult))), mediaType: fhir };
  };
}
