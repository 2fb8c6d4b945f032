import type { PractitionerScheduleChanged } from '../../schemas/events/practitioner.v1.ts';
import type { EventHandler } from '../../shared/runtime/function.ts';
import type { Deps } from './deps.ts';
import { getPractice } from './practices.ts';
import { recompute } from './recompute.ts';

/** Computes the days anew on which a practitioner works otherwise than before. */
export function applyScheduleChange(deps: Deps): EventHandler<typeof PractitionerScheduleChanged> {
  return async (event, { traceparent }) => {
    const { country, practitionerId, from, to } = event.data;
    await getPractice(deps.db, country, practitionerId);
    const first = Temporal.PlainDate.from(from);
    const last = to === undefined ? endOfWindow(deps, country) : Temporal.PlainDate.from(to);
    await recompute(deps, { event, country, practitionerId, ranges: [{ first, last }], traceparent });
  };
}

/** The last day that the bitmap can hold anywhere. */
function endOfWindow({ bitmapOf, now }: Deps, country: string): Temporal.PlainDate {
  return now()
    .toZonedDateTimeISO('UTC')
    .toPlainDate()
    .add({ days: bitmapOf(country).windowDays });
}
