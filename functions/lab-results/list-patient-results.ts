import type { listPatientResults as contract } from '../../schemas/api/lab-results.ts';
import { listReports } from '../../shared/db/lab-reports.ts';
import { showReports } from '../../shared/db/shown-reports.ts';
import type { Operation } from '../../shared/runtime/function.ts';
import { mustSeePatient } from './access.ts';
import { pageOf, readCursor } from './cursor.ts';
import type { Deps } from './deps.ts';
import { fhir } from './lab-content.ts';
import { placeResult, representResult } from './represent-result.ts';

/** `GET /{country}/patients/{id}/results`: the newest first, a page at a time; what a patient may not see yet is not there. */
export function listPatientResults(deps: Deps): Operation<typeof contract> {
  return async ({ country, id, analyte, cursor, limit }, { caller, preferred }) => {
    const { viewer, practitioner } = await mustSeePatient(deps, caller, { country, id });
    const place = readCursor(cursor);
    const after = place && { effectiveAt: place.at, id: place.id };
    const filter = { country, patientId: id, analyte, practitioner, released: viewer === 'patient' };
    const found = await listReports(deps.db, filter, { after, limit: limit + 1 });
    const page = pageOf(found, limit, (row) => ({ at: row.effectiveAt, id: row.id }));
    const shown = await showReports(deps.db, page.items, { viewer, analyte });
    if (preferred === undefined) return { body: { ...page, items: shown.map(representResult) } };
    const { toBundle } = await import('../../shared/fhir/diagnostic-report.ts');
    const next = page.nextCursor === null ? {} : { link: [{ relation: 'next', url: `?cursor=${page.nextCursor}` }] };
    const bundle = { ...toBundle('searchset', shown.map(placeResult)), ...next };
    return { written: JSON.stringify(bundle), mediaType: fhir };
  };
}
