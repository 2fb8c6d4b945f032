import { describe, expect, it } from 'vitest';

import { againstPerson, type Eligibility, type Person } from '../../../shared/domain/eligibility.ts';
import { againstRegistration, againstSample, type KitFacts, type KitRequest } from '../../../shared/domain/test-kit.ts';

const day = (text: string) => Temporal.PlainDate.from(text);
const at = (text: string) => Temporal.Instant.from(text);

const rule: Eligibility = { minAge: 18, maxAge: 65, sexes: ['female'], regions: ['fr'] };
const person: Person = { birthDate: day('1990-03-01'), sex: 'female', region: 'fr' };

describe('who may use a test', () => {
  it.each([
    ['on the eve of the birthday that is needed', '2008-02-29', ['too-young']],
    ['on that birthday', '2008-03-01', []],
    ['through the last year', '2056-02-29', []],
    ['on the birthday after it', '2056-03-01', ['too-old']],
  ])('%s', (_, today, reasons) => {
    expect(againstPerson(rule, person, day(today))).toEqual(reasons);
  });

  it('whoever was born on the 29th of February is a year older on the 1st of March of other years', () => {
    const leapling = { ...person, birthDate: day('2008-02-29') };
    expect(againstPerson(rule, leapling, day('2026-02-28'))).toEqual(['too-young']);
    expect(againstPerson(rule, leapling, day('2026-03-01'))).toEqual([]);
  });

  it('is nobody of another sex, or of one that is not known', () => {
    for (const sex of ['male', 'other', 'unknown'] as const) {
      expect(againstPerson(rule, { ...person, sex }, day('2030-01-01'))).toEqual(['sex']);
      expect(againstPerson({ ...rule, sexes: null }, { ...person, sex }, day('2030-01-01'))).toEqual([]);
    }
  });

  it('is told everything that speaks against them', () => {
    const child: Person = { birthDate: day('2025-01-01'), sex: 'male', region: 'de' };
    expect(againstPerson(rule, child, day('2030-01-01'))).toEqual(['too-young', 'sex', 'region']);
  });
});

const kit: KitFacts = {
  holderId: null,
  isSpent: false,
  product: { ...rule, consentVersion: '2030-03', stabilityHours: 72 },
  lotExpiresOn: day('2030-06-30'),
};
const request: KitRequest = {
  patientId: 'anna',
  consentVersion: '2030-03',
  lastConsent: undefined,
  person,
  timeZone: 'Europe/Paris',
};
const now = at('2030-06-01T10:00:00Z');
const withdrawn = { decision: 'withdrawn', occurredAt: now } as const;
const withdrawnBefore = { ...withdrawn, occurredAt: now.subtract({ seconds: 1 }) };

describe('a registration', () => {
  it.each([
    ['nothing', kit, {}, undefined],
    ['nothing, by its holder', { ...kit, holderId: 'anna' }, {}, undefined],
    ['that there is no such kit', undefined, {}, { reason: 'unknown' }],
    ['its holder', { ...kit, holderId: 'bert' }, {}, { reason: 'claimed-by-another' }],
    ['what has become of it', { ...kit, isSpent: true }, {}, { reason: 'spent' }],
    ['an older consent', kit, { consentVersion: '2030-02' }, { reason: 'consent-outdated' }],
    ['a consent that was withdrawn', kit, { lastConsent: withdrawn }, { reason: 'consent-outdated' }],
    ['nothing, where it was withdrawn before', kit, { lastConsent: withdrawnBefore }, undefined],
    ['nothing, where it was given', kit, { lastConsent: { ...withdrawn, decision: 'given' as const } }, undefined],
    ['a consent to come', kit, { consentVersion: '2030-04' }, { reason: 'consent-outdated' }],
    ['the person', kit, { person: { ...person, sex: 'male' as const } }, { reason: 'not-eligible', details: ['sex'] }],
  ])('has against it: %s', (_, facts, more, rejection) => {
    expect(againstRegistration(facts, { ...request, ...more }, now)).toEqual(rejection);
  });

  it('goes until the end of the last day of its lot, where the person is', () => {
    const last = at('2030-06-30T21:59:59Z');
    expect(againstRegistration(kit, request, last)).toBeUndefined();
    expect(againstRegistration(kit, request, last.add({ seconds: 1 }))).toEqual({ reason: 'lot-expired' });
  });
});

describe('a sample', () => {
  const sample = {
    collectedAt: at('2030-06-01T10:00:00Z'),
    lotExpiresOn: day('2030-06-30'),
    timeZone: 'Europe/Paris',
    stabilityHours: 72,
    consentedAt: at('2030-05-30T10:00:00Z'),
    lastConsent: undefined,
  };

  it.each([
    ['2030-06-04T10:00:00Z', undefined],
    ['2030-06-04T10:00:01Z', 'sample-unstable'],
  ])('that arrives at %s: %s', (arrivedAt, fault) => {
    expect(againstSample(sample, at(arrivedAt))).toBe(fault);
  });

  it('cannot be judged where nobody says when it was collected', () => {
    expect(againstSample({ ...sample, collectedAt: null }, now)).toBe('collection-time-missing');
  });

  it('is of nobody who has withdrawn their consent since they asked for the kit', () => {
    const withdrawn = (time: string) => ({ decision: 'withdrawn' as const, occurredAt: at(time) });
    const arrival = at('2030-06-02T10:00:00Z');
    const since = { ...sample, lastConsent: withdrawn('2030-05-30T10:00:00Z') };
    expect(againstSample(since, arrival)).toBe('consent-outdated');
    const before = { ...sample, lastConsent: withdrawn('2030-05-30T09:59:59Z') };
    expect(againstSample(before, arrival)).toBeUndefined();
  });

  it('must be collected while its lot lasts', () => {
    const late = { ...sample, collectedAt: at('2030-06-30T22:00:00Z') };
    expect(againstSample(late, at('2030-07-01T10:00:00Z'))).toBe('lot-expired');
  });
});
