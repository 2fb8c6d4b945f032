import type { listAvailability as contract } from '../../schemas/api/availability.ts';
import type { Operation } from '../../shared/runtime/function.ts';
import { answer } from './answer.ts';
import type { Deps } from './deps.ts';
import { getPractices } from './practices.ts';
import { questionOf } from './question.ts';

/** `GET /{country}/availability`: each practitioner once, in the order asked for. */
export function listAvailability(deps: Deps): Operation<typeof contract> {
  return async ({ country, practitionerIds, ...range }) => {
    const practices = await getPractices(deps.db, country, [...new Set(practitionerIds.map((id) => id.toLowerCase()))]);
    const questions = practices.map((practice) => questionOf(deps, practice, practice.visitTypes, range));
    return { body: { items: await answer(deps, country, questions) } };
  };
}
