import { createHash } from 'node:crypto';

import { retain } from '../../shared/db/erasures.ts';
import type { RetainedRows, SubjectRow } from '../../shared/db/subject-data/subject-table.ts';
import { keptUntil, type RetainedKind, retentionOf } from '../../shared/domain/retention.ts';
import type { Deps } from './deps.ts';
import { openRows } from './opened-rows.ts';

export type Erasure = {
  readonly id: string;
  readonly country: string;
  readonly patientId: string;
  readonly bornOn: Temporal.PlainDate | undefined;
};

/**
 * Seals the rows of a context that law wants kept, and keeps them apart with the law and until when. They are opened before:
 * the patient's own key will not be there any more.
 */
export async function retainRows(
  deps: Deps,
  { id: erasureId, country, patientId, bornOn }: Erasure,
  context: string,
  retained: readonly RetainedRows[],
): Promise<void> {
  const byKind = Map.groupBy(retained, ({ kind }) => kind);
  for (const [kind, tables] of byKind) {
    const law = retentionOf(kind, country);
    const content = await contentOf(deps, patientId, tables);
    await retain(deps.db, {
      erasureId,
      context,
      digest: createHash('sha256').update(JSON.stringify(content)).digest(),
      law: law.law,
      keptUntil: keptUntil(law, newestOf(tables) ?? today(deps), bornOn),
      records: tables.reduce((sum, { rows }) => sum + rows.length, 0),
      sealed: await deps.sealRetained({ patientId, country, kind, tables: content } satisfies RetainedContent),
      retainedAt: deps.now(),
    });
  }
}

type RetainedContent = {
  readonly patientId: string;
  readonly country: string;
  readonly kind: RetainedKind;
  readonly tables: Readonly<Record<string, readonly SubjectRow[]>>;
};

async function contentOf(deps: Deps, patientId: string, tables: readonly RetainedRows[]) {
  const content: Record<string, SubjectRow[]> = {};
  for (const { table, rows } of tables) content[table] = await openRows(deps, patientId, rows);
  return content;
}

function newestOf(tables: readonly RetainedRows[]): Temporal.PlainDate | undefined {
  const days = tables.flatMap(({ newestOn }) => newestOn ?? []);
  return days.toSorted(Temporal.PlainDate.compare).at(-1);
}

function today({ now }: Deps): Temporal.PlainDate {
  return now().toZonedDateTimeISO('UTC').toPlainDate();
}
