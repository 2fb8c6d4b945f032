import type * as z from 'zod';

import type { releaseResult as release, reviewResult as review } from '../../schemas/api/lab-results.ts';
import { changeRelease } from '../../shared/db/result-release.ts';
import type { ReportRow } from '../../shared/db/schema/laboratory.ts';
import { forced, reviewed } from '../../shared/domain/lab-piece.ts';
import { AppError } from '../../shared/errors.ts';
import type { Operation } from '../../shared/runtime/function.ts';
import { reachAsClinician } from './access.ts';
import { commit } from './commit.ts';
import type { Deps } from './deps.ts';

/** `POST /{country}/results/{id}/review`: a clinician has looked at all that is there; of each piece the first time counts. */
export function reviewResult(deps: Deps): Operation<typeof review> {
  return async (id, context) => {
    await reachAsClinician(deps, context.caller, id);
    return commit(deps, context, async (tx, at) => {
      const { report, events } = await changeRelease(
        tx,
        id,
        (piece) => reviewed(piece, context.caller.subject, at.now),
        at,
      );
      return { body: representRelease(report), events };
    });
  };
}

/** `POST /{country}/results/{id}/release`: an office lets the patient see all that is there, whatever holds it but the laboratory. */
export function releaseResult(deps: Deps): Operation<typeof release> {
  return async (id, context) =>
    commit(deps, context, async (tx, at) => {
      const { report, events } = await changeRelease(
        tx,
        id,
        (piece) => forced(piece, context.caller.subject, at.now),
        at,
      );
      if (report.releasedAt) return { body: representRelease(report), events };
      throw new AppError('conflict', 'The laboratory has not said its last word.', { heldBecause: report.heldBecause });
    });
}

function representRelease({ id, version, releaseAt, releasedAt }: ReportRow): z.infer<typeof release.output> {
  return {
    id,
    version,
    releaseAt: releaseAt?.toString() ?? null,
    releasedAt: releasedAt?.toString() ?? null,
  };
}
