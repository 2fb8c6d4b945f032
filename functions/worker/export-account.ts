import type * as z from 'zod';

import type { ExportArchive } from '../../schemas/api/worker.ts';
import type { ExportRequested } from '../../schemas/events/jobs.v1.ts';
import { completeExport, findExport } from '../../shared/db/exports.ts';
import { enqueue } from '../../shared/db/outbox.ts';
import { workerOutbox } from '../../shared/db/schema/worker.ts';
import { type SubjectContext, subjectContexts, subjectData } from '../../shared/db/subject-data/contexts.ts';
import { exportSubject, type SubjectRow } from '../../shared/db/subject-data/subject-table.ts';
import type { Deps } from './deps.ts';
import { exportReady } from './export-ready.ts';
import { openRows } from './opened-rows.ts';
import type { JobWork } from './run-job.ts';

type Archive = z.infer<typeof ExportArchive>;

/** Puts what is kept of a patient, and of results what they read by now, into one archive, which only the patient's own key opens. */
export function exportAccount(deps: Deps): JobWork<typeof ExportRequested> {
  return async ({ exportId: id, country, patientId }, { traceparent }) => {
    const wanted = await findExport(deps.db, country, id);
    if (wanted?.status !== 'requested') return { state: 'dropped', reason: 'not-wanted' };
    const createdAt = deps.now();
    const contexts = await readContexts(deps, patientId);
    const content: Archive = {
      format: 'careflow-export/1',
      patientId,
      country,
      createdAt: createdAt.toString(),
      contexts,
    };
    const archive = await deps.seals.sealFor(deps.patients, patientId, content);
    const expiresAt = createdAt.add({ hours: deps.exportDays * 24 });
    const mails = await exportReady(deps, { id, patientId, expiresAt }, traceparent);
    await deps.db.transaction(async (tx) => {
      const isFirst = await completeExport(tx, { id, archive, completedAt: createdAt, expiresAt });
      if (isFirst) await enqueue(tx, workerOutbox, mails);
    });
    deps.publish([patientId]);
    return { state: 'done' };
  };
}

async function readContexts(deps: Deps, patientId: string): Promise<Archive['contexts']> {
  const contexts: Record<string, Record<string, SubjectRow[]>> = {};
  for (const context of subjectContexts) contexts[context] = await readContext(deps, context, patientId);
  return contexts;
}

async function readContext(deps: Deps, context: SubjectContext, patientId: string) {
  const found = await exportSubject(deps.contexts[context], subjectData[context], patientId);
  const tables: Record<string, SubjectRow[]> = {};
  for (const [table, rows] of Object.entries(found)) tables[table] = await openRows(deps, patientId, rows);
  return tables;
}
