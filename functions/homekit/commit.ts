import type { Database, Queryable } from '../../shared/db/client.ts';
import { namingClashes } from '../../shared/db/homekit-clashes.ts';
import { once } from '../../shared/db/inbox.ts';
import { enqueue, type OutgoingEvent } from '../../shared/db/outbox.ts';
import { homekitInbox, homekitOutbox } from '../../shared/db/schema/homekit.ts';
import type { RequestContext } from '../../shared/runtime/function.ts';
import { keepable, saveAnswer } from './answers.ts';
import type { Deps } from './deps.ts';

/** What a transaction made: what is told of it, and what the caller is answered. */
export type Change<Body> = { readonly body: Body; readonly events: readonly OutgoingEvent[] };

/** Writes a request, its events and its answer in one transaction, then publishes. */
export async function commit<Body>(
  { db, publish }: Pick<Deps, 'db' | 'publish'>,
  { idempotency }: Pick<RequestContext, 'idempotency'>,
  status: number,
  write: (tx: Queryable) => Promise<Change<Body>>,
): Promise<Body> {
  const claim = await keepable(idempotency);
  const { body, events } = await namingClashes(() =>
    db.transaction(async (tx) => {
      const change = await write(tx);
      await enqueue(tx, homekitOutbox, change.events);
      await saveAnswer(tx, claim, { status, body: change.body });
      return change;
    }),
  );
  if (events.length > 0) publish(events.map(({ partitionKey }) => partitionKey));
  return body;
}

/** Sees to a request once, however often its event comes, and publishes what is told of it. */
export async function seeTo(
  { db, publish }: { readonly db: Database; readonly publish: Deps['publish'] },
  event: { readonly source: string; readonly id: string },
  effect: (tx: Queryable) => Promise<readonly OutgoingEvent[]>,
): Promise<void> {
  const events = await namingClashes(() =>
    once(db, homekitInbox, 'homekit', event, async (tx) => {
      const told = await effect(tx);
      await enqueue(tx, homekitOutbox, told);
      return told;
    }),
  );
  if (events && events.length > 0) publish(events.map(({ partitionKey }) => partitionKey));
}
