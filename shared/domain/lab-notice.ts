/** A panel's results trickle in: those that follow within so many minutes are told of by the first one's notice. */
export const noticeWindowMinutes = 5;

/** Whether what became visible at `at` is told of by the notice of `noticedAt`. Deliveries may overtake each other. */
export function isToldBy(noticedAt: Temporal.Instant, at: Temporal.Instant): boolean {
  return Math.abs(at.epochMilliseconds - noticedAt.epochMilliseconds) <= noticeWindowMinutes * 60_000;
}

/** Of times at which results of one report became visible, those that a notice is sent at. */
export function noticeTimes(releasedAt: readonly Temporal.Instant[]): Temporal.Instant[] {
  const notices: Temporal.Instant[] = [];
  for (const at of releasedAt.toSorted((one, other) => Temporal.Instant.compare(one, other))) {
    const last = notices.at(-1);
    if (!last || !isToldBy(last, at)) notices.push(at);
  }
  return notices;
}
