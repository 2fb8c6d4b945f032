import type { Queryable } from '../../shared/db/client.ts';
import { brokenConstraint } from '../../shared/db/driver-error.ts';
import { savedAnswers } from '../../shared/db/idempotency-keys.ts';
import { enqueue, type OutgoingEvent } from '../../shared/db/outbox.ts';
import { patientIdempotencyKeys, patientOutbox } from '../../shared/db/schema/account.ts';
import { AppError } from '../../shared/errors.ts';
import type { Deps } from './deps.ts';

export const { save: saveAnswer } = savedAnswers(patientIdempotencyKeys);

/** What a transaction came to, and every event that tells of it. */
export type Change<Result> = { readonly result: Result; readonly events: readonly OutgoingEvent[] };

/**
 * Writes state and events in one transaction, then publishes. Throws `in-progress` where the request's idempotency key has been
 * taken meanwhile.
 */
export async function commit<Result>(
  { db, publish }: Pick<Deps, 'db' | 'publish'>,
  write: (tx: Queryable) => Promise<Change<Result>>,
): Promise<Result> {
  const { result, events } = await refusingTwins(() =>
    db.transaction(async (tx) => {
      const change = await write(tx);
      await enqueue(tx, patientOutbox, change.events);
      return change;
    }),
  );
  publish(events.map(({ partitionKey }) => partitionKey));
  return result;
}

async function refusingTwins<Result>(write: () => Promise<Result>): Promise<Result> {
  try {
    return await write();
  } catch (error) {
    if (brokenConstraint(error) !== 'patient_idempotency_keys') throw error;
    throw new AppError('in-progress', 'The same request is still under way.');
  }
}
