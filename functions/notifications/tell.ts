import type { AnyEvent } from '../../schemas/events/contract.ts';
import { forgetTold, isErased } from '../../shared/db/erased-patients.ts';
import { planNotice, wasTold } from '../../shared/db/notices.ts';
import { isPractitioner, type Recipient } from '../../shared/domain/notification.ts';
import type { EventContext } from '../../shared/runtime/function.ts';
import { claimPlain, type PlainNotice } from './claims.ts';
import { deliverAll, type Deps } from './deliver.ts';
import { planOnce, waysTo } from './plan.ts';

/** What is to be told of an event, and whom. */
export type Telling = {
  readonly notice: PlainNotice;
  readonly recipients: readonly Recipient[];
  /** Where it waits for others of its kind, to be one message with them: until when. */
  readonly gatheredAt?: Temporal.Instant;
  /** Where nobody is told such news of the same subject again. */
  readonly isToldOnce?: boolean;
};

/** Tells of an event once: at once, or when its time has come. Of a patient who was erased only practitioners are told. */
export function tell<Event extends AnyEvent>(deps: Deps, tellingOf: (event: Event) => Promise<Telling>) {
  return async (event: Event, context: EventContext): Promise<void> => {
    const { notice, recipients: everyone, gatheredAt, isToldOnce = false } = await tellingOf(event);
    const { kind, patientId } = notice;
    const erased = await isErased(deps.db, patientId);
    const recipients = erased ? everyone.filter(isPractitioner) : everyone;
    const planned = await planOnce(deps.db, event, async (tx) => {
      if (isToldOnce && (await wasTold(tx, notice))) return undefined;
      const now = deps.now();
      const ways = waysTo(recipients, { kind, dueAt: gatheredAt ?? now }, now);
      return planNotice(tx, event, notice, ways, gatheredAt && `${kind} ${patientId}`);
    });
    if (planned)
      await deliverAll(deps, { kind, recipients, open: planned.open, claim: claimPlain(deps, notice) }, context);
    if (erased) await forgetTold(deps.db, patientId);
  };
}
