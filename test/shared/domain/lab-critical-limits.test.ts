import { describe, expect, it } from 'vitest';

import { withLimits } from '../../../shared/domain/lab-critical-limits.ts';
import type { LabObservation, LabValue } from '../../../shared/domain/lab-report.ts';

const limits = [
  { loinc: '2823-3', unit: 'mmol/L', low: '2.8', high: '6.2' },
  { loinc: '2823-3', unit: 'meq/L', low: '2.8', high: '6.2' },
  { loinc: '777-3', unit: '10*9/L', low: '37', high: '910' },
];

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

  it.each(['mmol/L', 'mmol/l', 'MMOL/L', 'meq/L', 'meq/l', 'mEq/L', 'mEq/l'])(
    'know the unit by "%s" too',
    (written) => {
      expect(flags('7.1', { ucum: written })).toEqual(['HH']);
      const unit = { text: written };
      expect(flagsOf({ type: 'quantity', number: '7.1', unit })).toEqual(['HH']);
    },
  );

  it.each(['10*9/l', '10^9/L', '10E9/l'])('know the unit of what is counted by "%s" too', (ucum) => {
    expect(flags('20', { ucum, loinc: '777-3' })).toEqual(['LL']);
  });

  it.each(['mol/L', 'mmol', 'mmo/l', 'mmol/dl', 'mmol/kl', 'mmol/cal', 'mmol/L/l'])(
    'know that "%s" is another',
    (ucum) => {
      expect(flags('7.1', { ucum })).toEqual([]);
    },
  );

  it('say nothing of another unit or another analyte', () => {
    expect([flags('9', { ucum: 'mg/dL' }), flags('9', { loinc: '2951-2' })]).toEqual([[], []]);
  });
});
