/** Reads a member's date and time; its contract has checked that it is one, and within reach. */
export function instantOf(_member: string, text: string): Temporal.Instant {
  return Temporal.Instant.from(text);
}
