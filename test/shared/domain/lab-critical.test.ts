import { describe, expect, it } from 'vitest';

import { escalationAt, escalationDue, isCritical, isCriticalNews } from '../../../shared/domain/lab-critical.ts';
import { at, sampleObservation } from './lab-samples.ts';

describe('a critical result', () => {
  it.each(['HH', 'LL', 'AA'])('is flagged %s', (flag) => {
    expect(isCritical(sampleObservation({ interpretation: ['A', flag] }))).toBe(true);
  });

  it.each(['H', 'L', 'A', 'N', 'HU', '>', 'hh', ''])('is not one that is flagged %s', (flag) => {
    expect(isCritical(sampleObservation({ interpretation: [flag] }))).toBe(false);
  });

  it('counts before it is final, and no more once it was taken back', () => {
    const flags = { interpretation: ['HH'] };
    expect(isCritical(sampleObservation({ ...flags, status: 'preliminary' }))).toBe(true);
    expect(isCritical(sampleObservation({ ...flags, status: 'entered-in-error' }))).toBe(false);
    expect(isCritical(sampleObservation({ ...flags, status: 'cancelled' }))).toBe(false);
  });

  it('is news when it is first, or was not critical, or is another value', () => {
    const critical = sampleObservation({ interpretation: ['HH'], status: 'preliminary', statusCode: 'P' });
    expect(isCriticalNews(undefined, critical)).toBe(true);
    expect(isCriticalNews(sampleObservation(), critical)).toBe(true);
    const higher = sampleObservation({ interpretation: ['HH'], values: [{ type: 'quantity', number: '7.9' }] });
    expect(isCriticalNews(critical, higher)).toBe(true);
  });

  it('is no news when it is confirmed, or no longer critical', () => {
    const critical = sampleObservation({ interpretation: ['HH'], status: 'preliminary', statusCode: 'P' });
    const confirmed = { ...critical, status: 'final', statusCode: 'F', notes: ['Repeated'] } as const;
    expect(isCriticalNews(critical, confirmed)).toBe(false);
    expect(isCriticalNews(critical, { ...critical, interpretation: ['HH', 'HH'] })).toBe(false);
    expect(isCriticalNews(critical, sampleObservation())).toBe(false);
  });
});

describe('the ladder', () => {
  const raisedAt = at('2026-03-09T10:00:00Z');
  const alert = { raisedAt, acknowledgedAt: undefined, step: 0 };

  it('has a step after 15, 30 and 60 minutes, and no more', () => {
    expect([1, 2, 3, 4].map((step) => escalationAt(raisedAt, step)?.toString())).toEqual([
      '2026-03-09T10:15:00Z',
      '2026-03-09T10:30:00Z',
      '2026-03-09T11:00:00Z',
      undefined,
    ]);
  });

  it.each([
    ['10:14:59', 0, undefined],
    ['10:15:00', 0, 1],
    ['10:29:00', 1, undefined],
    ['10:30:00', 1, 2],
    ['10:59:59', 2, undefined],
    ['11:00:00', 2, 3],
    ['12:00:00', 3, undefined],
    ['10:45:00', 0, 2],
    ['12:00:00', 0, 3],
  ])('at %s, after step %s, is due for %s', (time, step, due) => {
    expect(escalationDue({ ...alert, step }, at(`2026-03-09T${time}Z`))).toBe(due);
  });

  it('ends when somebody takes note', () => {
    const acknowledged = { ...alert, acknowledgedAt: at('2026-03-09T10:10:00Z') };
    expect(escalationDue(acknowledged, at('2026-03-09T12:00:00Z'))).toBeUndefined();
  });
});
