/**
 * A time as exact as its sender knew it: `2026`, `2026-03`, `2026-03-09`, or RFC 3339 with an offset. What FHIR calls
 * `dateTime`.
 */
export type LabTime = string;

const DAY = /^\d{4}-\d{2}-\d{2}$/;

/** The first instant that is meant; a day without a time begins in UTC. */
export function instantOf(time: LabTime): Temporal.Instant {
  if (time.length > 10) return Temporal.Instant.from(time);
  const day = DAY.test(time) ? time : `${time}${time.length === 4 ? '-01-01' : '-01'}`;
  return Temporal.Instant.from(`${day}T00:00:00Z`);
}

/** Negative when `one` is before `other`. What is not known comes before what is. */
export function compareTimes(one: LabTime | undefined, other: LabTime | undefined): number {
  if (one === other) return 0;
  if (one === undefined) return -1;
  return other === undefined ? 1 : Temporal.Instant.compare(instantOf(one), instantOf(other));
}

/** The first of the times at which something was said; undefined where one of them is not known. */
export function firstSaidAt(times: readonly (LabTime | null)[]): LabTime | undefined {
  const known = times.flatMap((time) => time ?? []);
  return known.length < times.length ? undefined : known.toSorted(compareTimes)[0];
}

/** Whether who said one thing at that time may have known of the other; they may where that is not known. */
export function mayTellOf(one: LabTime | undefined, other: LabTime | undefined): boolean {
  return one === undefined || compareTimes(one, other) >= 0;
}
