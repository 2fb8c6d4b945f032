import type { Interval } from './interval.ts';
import { intervalOf, localDate, localDays, MINUTE_MS } from './zone.ts';

/** What can be booked with a practitioner, and by which rules. */
export type VisitType = {
  readonly id: string;
  readonly practitionerId: string;
  readonly specialty: string;
  /** A whole number of the grid's slots. */
  readonly durationMinutes: number;
  readonly bufferBeforeMinutes: number;
  readonly bufferAfterMinutes: number;
  readonly minimumNoticeMinutes: number;
  /** Local days after today on which it can still be booked. */
  readonly horizonDays: number;
  /** How long before the start a patient may still cancel. */
  readonly cancelCutOffMinutes: number;
  /** Visits of this type a practitioner takes on one local day; null for no limit. */
  readonly dailyCap: number | null;
};

type Buffers = Pick<VisitType, 'durationMinutes' | 'bufferBeforeMinutes' | 'bufferAfterMinutes'>;
type Bounds = Pick<VisitType, 'minimumNoticeMinutes' | 'horizonDays'>;

/** The slot of a visit, and with the buffers around it the time that the practitioner cannot give to another. */
export function visitAt(
  { durationMinutes, bufferBeforeMinutes, bufferAfterMinutes }: Buffers,
  slotStart: Temporal.Instant,
): { slot: Interval; busy: Interval } {
  const startMs = slotStart.epochMilliseconds;
  const endMs = startMs + durationMinutes * MINUTE_MS;
  return {
    slot: { start: slotStart, end: slotStart.add({ minutes: durationMinutes }) },
    busy: intervalOf(startMs - bufferBeforeMinutes * MINUTE_MS, endMs + bufferAfterMinutes * MINUTE_MS),
  };
}

/** When a slot may start that is booked now: from the minimum notice up to and without the end of the horizon's last day. */
export function bookableSpan(
  { minimumNoticeMinutes, horizonDays }: Bounds,
  timeZone: string,
  now: Temporal.Instant,
): Interval {
  const { end } = localDays(timeZone, localDate(timeZone, now), horizonDays + 1);
  return { start: now.add({ minutes: minimumNoticeMinutes }), end };
}
