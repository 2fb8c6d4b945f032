import { describe, expect, it } from 'vitest';

import { withLimits } from '../../../shared/domain/lab-critical-limits.ts';
import type { LabObservation, LabValue } from '../../../shared/domain/lab-report.ts';

const limits = [{ loinc: '2823-3', unit: 'mmol/L', low: '2.8', high: '6.2' }];

function flags(
  number: string,
  more: { comparator?: '<' | '>'; ucum?: string; loinc?: string } = {},
): readonly string[] {
  const { comparator, ucum = 'mmol/L', loinc = '2823-3' } = more;
  const unit = { text: ucum, ucum };
  return flagsOf({ type: 'quantity', number, unit, ...(comparator && { comparator }) }, loinc);
}

function flagsOf(value: LabValue, loinc = '2823-3'): readonly string[] {
  const observation: LabObservation = {
    identity: 'K',
    code: { codings: [] },
    values: [value],
    unit: { text: 'mmol/L', ucum: 'mmol/L' },
    ranges: [],
    interpretation: ['H'],
    status: 'final',
    statusCode: 'F',
    notes: [],
  };
  return withLimits(observation, loinc, limits).interpretation.slice(1);
}

describe('the limits of an analyte', () => {
  it.each([
    ['2.79', ['LL']],
    ['2.80', ['LL']],
    ['2.81', []],
    ['6.19', []],
    ['6.2', ['HH']],
    ['10.0', ['HH']],
    ['-1', ['LL']],
  ])('flag %s mmol/L with %j', (number, expected) => {
    expect(flags(number)).toEqual(expected);
  });

  it('know that what is below something may still be low, and what is above something high', () => {
    expect([flags('2.0', { comparator: '<' }), flags('9.0', { comparator: '<' })]).toEqual([['LL'], []]);
    expect([flags('9.0', { comparator: '>' }), flags('2.0', { comparator: '>' })]).toEqual([['HH'], []]);
  });

  it.each([
    ['6.8', ['HH']],
    ['6,8', ['HH']],
    ['> 6.8', ['HH']],
    ['<2.0', ['LL']],
    ['≤ 9', []],
    ['4.2', []],
    ['6,800', ['HH']],
    ['4,200', []],
    ['6.8 (repeated)', []],
    ['9'.repeat(21), []],
  ])('see a number in the text "%s"', (text, expected) => {
    expect(flagsOf({ type: 'text', text })).toEqual(expected);
  });

  it('say nothing of another unit or another analyte', () => {
    expect([flags('9', { ucum: 'mg/dL' }), flags('9', { loinc: '2951-2' })]).toEqual([[], []]);
  });
});
