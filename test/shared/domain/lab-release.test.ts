import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import {
  categoryOfSection,
  decideRelease,
  type Releasable,
  releasePreferences,
  releaseRules,
  strictestOf,
  testCategories,
} from '../../../shared/domain/lab-release.ts';
import { at } from './lab-samples.ts';

const conclusiveAt = at('2026-03-09T10:00:00Z');

function report(changes: Partial<Releasable> = {}): Releasable {
  return {
    status: 'final',
    conclusiveAt,
    category: 'routine',
    preference: 'as-advised',
    reviewedAt: undefined,
    critical: [],
    ...changes,
  };
}

const unacknowledged = { alertedAt: undefined, acknowledgedAt: undefined };

function hoursUntil(changes: Partial<Releasable>): [number | undefined, readonly string[]] {
  const { releaseAt, heldBecause } = decideRelease(report(changes));
  return [releaseAt?.since(conclusiveAt).total('hours'), heldBecause];
}

describe('a report is released', () => {
  it.each<[string, Partial<Releasable>, number | undefined, string[]]>([
    ['at once where it is routine', {}, 0, []],
    ['after a day where it is sensitive', { category: 'sensitive' }, 24, ['category']],
    ['after three days where it is pathology', { category: 'pathology' }, 72, ['category']],
    ['at once where its patient wants that', { category: 'pathology', preference: 'at-once' }, 0, []],
    ['no sooner where that cannot be waived', { category: 'genetic', preference: 'at-once' }, 72, ['category']],
    ['at the latest after the maximum hold', { preference: 'after-review' }, 72, ['preference']],
    ['not before it is final', { status: 'preliminary' }, undefined, ['not-final']],
    ['not before all of it is there', { status: 'partial' }, undefined, ['not-final']],
    ['not where nobody knows its status', { status: 'unknown' }, undefined, ['not-final']],
    ['when it was corrected as when it was final', { status: 'corrected' }, 0, []],
    ['after a day where a critical value is not acknowledged', { critical: [unacknowledged] }, 24, ['critical']],
    [
      'when a critical value is acknowledged',
      { critical: [{ ...unacknowledged, acknowledgedAt: conclusiveAt.add({ minutes: 30 }) }] },
      0.5,
      ['critical'],
    ],
    [
      'a day after the alert where that comes later',
      { critical: [{ ...unacknowledged, alertedAt: conclusiveAt.add({ hours: 10 }) }] },
      34,
      ['critical'],
    ],
    [
      'when the last of several critical values is acknowledged, and so held once',
      { critical: [1, 3, 2].map((hours) => ({ ...unacknowledged, acknowledgedAt: conclusiveAt.add({ hours }) })) },
      3,
      ['critical'],
    ],
    [
      'when a clinician has looked at it',
      { category: 'pathology', preference: 'after-review', reviewedAt: conclusiveAt.add({ hours: 2 }) },
      2,
      ['category', 'preference'],
    ],
    ['for every reason there is', { category: 'sensitive', critical: [unacknowledged] }, 24, ['category', 'critical']],
  ])('%s', (_, changes, hours, because) => {
    expect(hoursUntil(changes)).toEqual([hours, because]);
  });

  it('never later than its category allows, and never before it is final', () => {
    const anyInstant = fc.option(
      fc.integer({ min: -100, max: 1_000 }).map((hours) => conclusiveAt.add({ hours })),
      { nil: undefined },
    );
    const anyReport = fc.record({
      category: fc.constantFrom(...testCategories),
      preference: fc.constantFrom(...releasePreferences),
      reviewedAt: anyInstant,
      critical: fc.array(fc.record({ alertedAt: fc.constant(undefined), acknowledgedAt: anyInstant })),
    });
    fc.assert(
      fc.property(anyReport, (changes) => {
        const [hours, because] = hoursUntil(changes);
        expect(hours).toBeGreaterThanOrEqual(0);
        expect(hours).toBeLessThanOrEqual(releaseRules[changes.category].maximumHoldHours);
        expect(because.length > 0).toBe(hours !== 0);
      }),
    );
  });
});

describe('categoryOfSection', () => {
  it.each([
    ['SP', 'pathology'],
    ['GE', 'genetic'],
    ['VR', 'sensitive'],
    ['CH', 'routine'],
    ['toString', 'routine'],
    [undefined, 'routine'],
  ])('takes %s for %s', (section, category) => {
    expect(categoryOfSection(section)).toBe(category);
  });
});

describe('the stricter of two categories', () => {
  it('holds a result at least as long, and is waived no sooner', () => {
    for (const one of testCategories) {
      for (const other of testCategories) {
        const strictest = strictestOf(one, other);
        expect(strictestOf(other, one)).toBe(strictest);
        expect(releaseRules[strictest].holdHours).toBeGreaterThanOrEqual(releaseRules[one].holdHours);
        expect(releaseRules[strictest].isWaivable && !releaseRules[one].isWaivable).toBe(false);
      }
    }
  });
});
