import { expect, it } from 'vitest';

import { suppressedBecause, transientBouncesSince } from '../../../shared/domain/suppression.ts';

it.each([
  ['bounced', 0, 'bounced'],
  ['complained', 0, 'complained'],
  ['bounced-for-now', 1, undefined],
  ['bounced-for-now', 4, undefined],
  ['bounced-for-now', 5, 'bounced'],
] as const)('an address whose message %s, with %i transient bounces: %s', (what, bounces, reason) => {
  expect(suppressedBecause(what, bounces)).toBe(reason);
});

it('counts the transient bounces of thirty days', () => {
  const now = Temporal.Instant.from('2030-01-31T00:00:00Z');
  expect(transientBouncesSince(now)).toEqual(Temporal.Instant.from('2030-01-01T00:00:00Z'));
});
