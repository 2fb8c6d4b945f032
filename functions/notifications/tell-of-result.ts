import type { EventOf } from '../../schemas/events/contract.ts';
import { ResultCorrected, type ResultReleased, ResultRetracted } from '../../schemas/events/lab-result.v1.ts';
import { listPatientAndProxies } from '../../shared/db/recipients.ts';
import { gatheredAt } from '../../shared/domain/sending-time.ts';
import type { Deps } from './deliver.ts';
import { tell } from './tell.ts';

type ResultEvent = EventOf<typeof ResultReleased | typeof ResultCorrected | typeof ResultRetracted>;

/**
 * Tells a patient, and those who act for them, that there is something to read. The reports of a panel come one by one:
 * each waits a while for the others, and what is held already tells of those that come meanwhile.
 */
export function tellOfResult(deps: Deps) {
  return tell(deps, async (event: ResultEvent) => {
    const { reportId: subjectId, version: subjectVersion, country, patientId } = event.data;
    const occurredAt = Temporal.Instant.from(event.time);
    return {
      notice: { kind: kindOf(event), country, patientId, subjectId, subjectVersion, occurredAt },
      recipients: await listPatientAndProxies(deps.patients, patientId, deps.now()),
      gatheredAt: gatheredAt(deps.now()),
    };
  });
}

function kindOf({ type }: ResultEvent) {
  if (type === ResultRetracted.type) return 'result-retracted';
  return type === ResultCorrected.type ? 'result-corrected' : 'result-available';
}
