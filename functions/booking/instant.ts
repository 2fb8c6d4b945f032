import { AppError } from '../../shared/errors.ts';

/** Nothing is booked or listed outside these; they leave room on either side to reckon in. */
const FIRST = Temporal.Instant.from('1900-01-01T00:00:00Z');
const END = Temporal.Instant.from('2200-01-01T00:00:00Z');

/** Finer than anything here can tell apart. */
const TOO_FINE = /\.\d{10}/;

/** Reads a member's date and time, of the form that its contract has checked. Throws `invalid-input` for one out of reach. */
export function instantOf(member: string, text: string): Temporal.Instant {
  const instant = TOO_FINE.test(text) ? undefined : Temporal.Instant.from(text);
  if (instant && Temporal.Instant.compare(FIRST, instant) <= 0 && Temporal.Instant.compare(instant, END) < 0) {
    return instant;
  }
  const message = 'Takes a date and time from 1900 to 2199, to the nanosecond at most';
  throw new AppError('invalid-input', 'See errors for what to mend.', { errors: [{ path: `/${member}`, message }] });
}
