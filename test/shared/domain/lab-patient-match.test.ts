import { describe, expect, it } from 'vitest';

import { type KnownPatient, matchPatient, type PatientClaim } from '../../../shared/domain/lab-patient-match.ts';

const odile: KnownPatient = { patientId: 'odile', birthDate: '1980-04-12', sex: 'female' };
const jonas: KnownPatient = { patientId: 'jonas', birthDate: '1971-11-30', sex: 'male' };

function claim(changes: Partial<PatientClaim> = {}): PatientClaim {
  return { byOrder: [odile], byIdentifier: [odile], birthDate: '1980-04-12', sex: 'female', ...changes };
}

describe('a report is its patient’s', () => {
  it.each<[string, Partial<PatientClaim>]>([
    ['by order and identifiers', {}],
    ['by the order alone', { byIdentifier: [] }],
    ['by an identifier alone', { byOrder: [] }],
    ['by several identifiers of one person', { byIdentifier: [odile, { ...odile }] }],
    ['where its sex is not told', { sex: 'unknown' }],
    ['where its sex is neither', { sex: 'other' }],
  ])('%s', (_, changes) => {
    expect(matchPatient(claim(changes))).toEqual({ matched: true, patientId: 'odile' });
  });
});

describe('a report is nobody’s', () => {
  it.each<[string, Partial<PatientClaim>, string[]]>([
    ['where nothing leads to anybody', { byOrder: [], byIdentifier: [] }, ['nobody-found']],
    ['where the order is of another', { byOrder: [jonas] }, ['order-of-another']],
    ['where identifiers name two', { byOrder: [], byIdentifier: [odile, jonas] }, ['more-than-one-found']],
    ['where an order has two', { byOrder: [odile, jonas] }, ['more-than-one-found']],
    ['where its birth date is another', { birthDate: '1980-12-04' }, ['birth-date-differs']],
    ['where it has no birth date', { birthDate: undefined }, ['birth-date-missing']],
    ['where its sex is the other', { sex: 'male' }, ['sex-differs']],
    [
      'where both differ, which is told',
      { birthDate: '1971-11-30', sex: 'male' },
      ['birth-date-differs', 'sex-differs'],
    ],
  ])('%s', (_, changes, reasons) => {
    expect(matchPatient(claim(changes))).toEqual({ matched: false, reasons });
  });
});
