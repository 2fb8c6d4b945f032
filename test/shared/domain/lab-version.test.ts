import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import {
  changeOf,
  compareVersions,
  contentOf,
  type LabVersion,
  reportChangeOf,
} from '../../../shared/domain/lab-version.ts';
import { sampleObservation } from './lab-samples.ts';

function version(changes: Partial<LabVersion> = {}): LabVersion {
  return {
    changedAt: '2026-03-09T10:00:00+01:00',
    analysedAt: '2026-03-09T09:00:00+01:00',
    sentAt: '2026-03-09T10:01:00+01:00',
    status: 'final',
    content: 'a',
    ...changes,
  };
}

const anyTime = fc.constantFrom(
  undefined,
  '2026',
  '2026-03-09',
  '2026-03-09T09:00:00Z',
  '2026-03-09T10:00:00+01:00',
  '2026-03-09T10:00:01+01:00',
);
const anyVersion = fc.record({
  changedAt: anyTime,
  analysedAt: anyTime,
  sentAt: anyTime,
  status: fc.constantFrom(...(['preliminary', 'final', 'corrected', 'entered-in-error', 'unknown'] as const)),
  content: fc.constantFrom('a', 'b', 'c'),
});

describe('the newer of two versions', () => {
  it.each<[string, Partial<LabVersion>]>([
    ['its report changed later', { changedAt: '2026-03-09T10:00:01+01:00', analysedAt: '2026-03-08' }],
    ['it was analysed later', { analysedAt: '2026-03-09T08:30:00Z' }],
    ['it was sent later', { sentAt: '2026-03-09T11:00:00+01:00' }],
    ['it corrects', { status: 'corrected' }],
    ['it takes back', { status: 'entered-in-error' }],
  ])('is the one where %s', (_, changes) => {
    expect(compareVersions(version(), version(changes))).toBeLessThan(0);
    expect(compareVersions(version(changes), version())).toBeGreaterThan(0);
  });

  it('compares instants and not how they are written', () => {
    expect(compareVersions(version({ changedAt: '2026-03-09T09:00:00Z' }), version())).toBe(0);
  });

  it('is the same in whatever order they come', () => {
    fc.assert(
      fc.property(
        fc.array(anyVersion, { minLength: 1, maxLength: 8 }),
        fc.infiniteStream(fc.nat()),
        (versions, keys) => {
          const shuffled = versions
            .map((each) => ({ each, key: keys.next().value }))
            .toSorted((one, other) => one.key - other.key)
            .map(({ each }) => each);
          const last = (all: LabVersion[]) => all.toSorted(compareVersions).at(-1);
          const [one, other] = [last(versions), last(shuffled)];
          expect(one && other && compareVersions(one, other)).toBe(0);
          expect(one?.content).toBe(other?.content);
        },
      ),
    );
  });
});

describe('what a newer version does', () => {
  it.each<[string, LabVersion['status'] | undefined, LabVersion['status'], string]>([
    ['is the first', undefined, 'final', 'first'],
    ['makes a preliminary result final', 'preliminary', 'final', 'updated'],
    ['corrects what was final', 'final', 'corrected', 'corrected'],
    ['replaces what was final without saying so', 'final', 'final', 'corrected'],
    ['takes back what was final', 'final', 'entered-in-error', 'retracted'],
    ['cancels what was corrected', 'corrected', 'cancelled', 'retracted'],
    ['makes what was final preliminary again', 'amended', 'preliminary', 'retracted'],
    ['takes back what nobody stood by', 'preliminary', 'entered-in-error', 'updated'],
  ])('%s', (_, before, after, change) => {
    const next = version({ status: after, content: 'b' });
    expect(changeOf(before && version({ status: before }), next)).toBe(change);
  });

  it('takes a report back only where it says so: more results may be to come', () => {
    const change = (status: LabVersion['status']) => reportChangeOf(version(), version({ status, content: 'b' }));
    expect(change('preliminary')).toBe('updated');
    expect(change('registered')).toBe('updated');
    expect(change('corrected')).toBe('corrected');
    expect(change('cancelled')).toBe('retracted');
    expect(change('entered-in-error')).toBe('retracted');
  });

  it('is nothing where it says what is known, at whatever time', () => {
    expect(changeOf(version(), version({ changedAt: '2026-03-10' }))).toBe('repeated');
  });
});

describe('contentOf', () => {
  it('is what an observation says, times apart', () => {
    const content = contentOf(sampleObservation());
    expect(contentOf(sampleObservation({ observedAt: '2026', analysedAt: '2026-03' }))).toBe(content);
    expect(contentOf(sampleObservation({ values: [{ type: 'quantity', number: '4.10' }] }))).not.toBe(content);
    expect(contentOf(sampleObservation({ statusCode: 'C', status: 'corrected' }))).not.toBe(content);
    expect(contentOf(sampleObservation({ notes: ['Haemolysed'] }))).not.toBe(content);
  });
});
