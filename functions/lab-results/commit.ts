import type { Queryable } from '../../shared/db/client.ts';
import { brokenConstraint } from '../../shared/db/driver-error.ts';
import { savedAnswers } from '../../shared/db/idempotency-keys.ts';
import type { OutgoingEvent } from '../../shared/db/outbox.ts';
import { laboratoryIdempotencyKeys } from '../../shared/db/schema/laboratory.ts';
import { AppError } from '../../shared/errors.ts';
import type { RequestContext } from '../../shared/runtime/function.ts';
import type { At, Deps } from './deps.ts';

const { find: findAnswer, save: saveAnswer } = savedAnswers(laboratoryIdempotencyKeys);
export { findAnswer };

/** What a transaction came to, and the events it put into the outbox. */
export type Change<Body> = { readonly body: Body; readonly events?: readonly OutgoingEvent[] };

/**
 * Writes in one transaction, and the answer under the request's idempotency key with it, then publishes. Throws `in-progress`
 * where the key has been taken meanwhile.
 */
export async function commit<Body>(
  { db, publish, now }: Pick<Deps, 'db' | 'publish' | 'now'>,
  { idempotency, traceparent }: RequestContext,
  write: (tx: Queryable, at: At) => Promise<Change<Body>>,
): Promise<{ body: Body }> {
  const { body, events = [] } = await refusingTwins(() =>
    db.transaction(async (tx) => {
      const change = await write(tx, { now: now(), traceparent });
      await saveAnswer(tx, idempotency, { status: 200, body: change.body });
      return change;
    }),
  );
  publish(events.map(({ partitionKey }) => partitionKey));
  return { body };
}

async function refusingTwins<Result>(write: () => Promise<Result>): Promise<Result> {
  try {
    return await write();
  } catch (error) {
    if (brokenConstraint(error) !== 'laboratory_idempotency_keys') throw error;
    throw new AppError('in-progress', 'The same request is still under way.');
  }
}
