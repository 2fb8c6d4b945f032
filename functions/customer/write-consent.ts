import type { Queryable } from '../../shared/db/client.ts';
import { appendConsent, findConsent, hasConsented } from '../../shared/db/consents.ts';
import { consentDecided } from '../../shared/db/customer-events.ts';
import type { OutgoingEvent } from '../../shared/db/outbox.ts';
import type { ConsentRow } from '../../shared/db/schema/account.ts';
import { decide } from '../../shared/domain/consent.ts';
import type { Change } from './change.ts';

export type Decision = Omit<ConsentRow, 'version'>;

/** Writes down what was decided, unless it was so before. */
export async function writeConsent(
  tx: Queryable,
  last: ConsentRow | undefined,
  decision: Decision,
  traceparent: string,
  testKitId?: string,
): Promise<Change<ConsentRow>> {
  const decided = decide(last, decision);
  if (!decided && last) return { result: last, events: [] };
  const result = { ...decision, version: decided?.version ?? 1 };
  await appendConsent(tx, result);
  return { result, events: [consentDecided(result, traceparent, testKitId)] };
}

/**
 * Writes down a consent that was given with a test kit. What was decided since is written again behind it, so that it goes
 * on holding.
 */
export async function rememberConsent(
  tx: Queryable,
  given: Decision,
  testKitId: string,
  traceparent: string,
): Promise<OutgoingEvent[]> {
  if (await hasConsented(tx, given)) return [];
  const last = await findConsent(tx, given.patientId, given.purpose);
  const { result, events } = await writeConsent(tx, last, given, traceparent, testKitId);
  if (last === undefined || Temporal.Instant.compare(last.occurredAt, given.occurredAt) < 0) return [...events];
  const again = await writeConsent(tx, result, last, traceparent);
  return [...events, ...again.events];
}
