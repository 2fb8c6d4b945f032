import { decodeProtectedHeader } from 'jose';

import type { SubjectRow } from '../../shared/db/subject-data/subject-table.ts';
import { AppError } from '../../shared/errors.ts';
import type { Deps } from './deps.ts';

type Opener = Pick<Deps, 'patients' | 'seals'>;

const SEALED = /^[\w-]+\.\.[\w-]+\.[\w-]+\.[\w-]+$/;

/** Rows with what is kept sealed in them opened, however deep; what is another's stays as it is. */
export async function openRows(deps: Opener, patientId: string, rows: readonly SubjectRow[]): Promise<SubjectRow[]> {
  return Promise.all(
    rows.map(async (row) => {
      const members = Object.entries(row).map(async ([name, value]) => [name, await openValue(deps, patientId, value)]);
      return Object.fromEntries(await Promise.all(members));
    }),
  );
}

async function openValue(deps: Opener, patientId: string, value: unknown): Promise<unknown> {
  if (typeof value === 'string') return SEALED.test(value) ? openText(deps, patientId, value) : value;
  if (Array.isArray(value)) return Promise.all(value.map((item) => openValue(deps, patientId, item)));
  if (typeof value !== 'object' || value === null) return value;
  const [opened] = await openRows(deps, patientId, [{ ...value }]);
  return opened;
}

/** What was sealed for somebody else, or only looks like it, stays as it is. */
async function openText({ patients, seals }: Opener, patientId: string, text: string): Promise<unknown> {
  if (sealedFor(text) !== patientId) return text;
  try {
    return (await seals.unseal(patients, patientId, text)) ?? text;
  } catch (error) {
    if (error instanceof AppError && error.code === 'unprocessable') return text;
    throw error;
  }
}

function sealedFor(text: string): string | undefined {
  try {
    return decodeProtectedHeader(text).kid;
  } catch {
    return undefined;
  }
}
