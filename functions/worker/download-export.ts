import { type downloadExport as contract, ExportArchive } from '../../schemas/api/worker.ts';
import { findExport } from '../../shared/db/exports.ts';
import type { ExportRow } from '../../shared/db/schema/worker.ts';
import { AppError } from '../../shared/errors.ts';
import type { Operation } from '../../shared/runtime/function.ts';
import { isTheirs, noSuch } from './access.ts';
import type { Deps } from './deps.ts';

/** `GET /{country}/exports/{id}/archive`: for the patient, and nobody else but a guardian. */
export function downloadExport(deps: Deps): Operation<typeof contract> {
  return async ({ country, id }, { caller }) => {
    const found = await findExport(deps.db, country, id);
    if (!found || !(await isTheirs(deps, caller, found.patientId))) throw noSuch('export');
    const opened = await deps.seals.unseal(deps.patients, found.patientId, mustBeThere(found, deps.now()));
    if (opened === undefined) throw noSuch('export');
    const headers = { 'content-disposition': `attachment; filename="careflow-export-${found.id}.json"` };
    return { body: ExportArchive.parse(opened), headers };
  };
}

/** Throws `conflict` for an archive that is still being made, `not-found` for one that is gone. */
function mustBeThere({ status, archive, expiresAt }: ExportRow, now: Temporal.Instant): string {
  if (status === 'requested') throw new AppError('conflict', 'The archive is still being made.', { status });
  const isThere = archive !== null && expiresAt !== null && Temporal.Instant.compare(now, expiresAt) < 0;
  if (!isThere) throw new AppError('not-found', 'The archive is not there any more; ask for another.', { status });
  return archive;
}
