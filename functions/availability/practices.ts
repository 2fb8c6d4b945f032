import { listPractices, type Practice } from '../../shared/db/availability.ts';
import type { Queryable } from '../../shared/db/client.ts';
import { AppError } from '../../shared/errors.ts';

/** Throws `not-found` for a practitioner that is not of the country. */
export async function getPractice(db: Queryable, country: string, practitionerId: string): Promise<Practice> {
  const [practice] = await listPractices(db, country, [practitionerId]);
  if (practice === undefined) throw new AppError('not-found', 'There is no such practitioner.');
  return practice;
}

/** In the order of the ids. Throws `not-found`, naming those that are not of the country. */
export async function getPractices(db: Queryable, country: string, ids: readonly string[]): Promise<Practice[]> {
  const found = new Map((await listPractices(db, country, ids)).map((one) => [one.practitionerId, one]));
  const unknown = ids.filter((id) => !found.has(id));
  if (unknown.length > 0) {
    throw new AppError('not-found', 'There are no such practitioners.', { practitionerIds: unknown });
  }
  return ids.flatMap((id) => found.get(id) ?? []);
}
