import type { getAvailability as contract } from '../../schemas/api/availability.ts';
import type { Practice } from '../../shared/db/availability.ts';
import type { VisitType } from '../../shared/domain/visit-type.ts';
import { AppError } from '../../shared/errors.ts';
import type { Operation } from '../../shared/runtime/function.ts';
import { answer } from './answer.ts';
import type { Deps } from './deps.ts';
import { getPractice } from './practices.ts';
import { questionOf } from './question.ts';

/** `GET /{country}/practitioners/{id}/availability`: every start that it shows can be booked, with some visit type if none is named. */
export function getAvailability(deps: Deps): Operation<typeof contract> {
  return async ({ country, id, visitTypeId, ...range }) => {
    const practice = await getPractice(deps.db, country, id);
    const visits = visitTypeId === undefined ? practice.visitTypes : [visitTypeOf(practice, visitTypeId.toLowerCase())];
    const [body] = await answer(deps, country, [questionOf(deps, practice, visits, range)]);
    if (body === undefined) throw new Error('a question was not answered');
    return { body };
  };
}

function visitTypeOf({ visitTypes }: Practice, id: string): VisitType {
  const visitType = visitTypes.find((one) => one.id === id);
  if (visitType === undefined) throw new AppError('not-found', 'The practitioner does not offer this visit type.');
  return visitType;
}
