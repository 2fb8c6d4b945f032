import { Hl7Message } from '@medplum/core';
import { describe, expect, it } from 'vitest';

import type { LabFault } from '../../../shared/domain/lab-fault.ts';
import {
  type Acknowledgment,
  acknowledgmentCodes,
  type AcknowledgedOutcome,
  writeAcknowledgment,
} from '../../../shared/hl7/acknowledgment.ts';
import type { ReadMessage } from '../../../shared/hl7/read-messages.ts';
import { fixtureNames, parsedFixture, readFixture } from './fixtures.ts';

const own = { controlId: 'CF-ACK-1', at: Temporal.Instant.from('2026-03-09T09:31:00.123Z') };

function acknowledge(read: ReadMessage | undefined, more: Partial<Acknowledgment> = {}): string {
  if (!read) throw new Error('There is nothing to acknowledge');
  const outcome = read.outcome === 'parsed' ? 'accepted' : read.outcome;
  const [code = 'AA'] = acknowledgmentCodes(read.header, outcome);
  const faults = read.outcome === 'parsed' ? [] : read.faults;
  return writeAcknowledgment({ header: read.header, code, faults, ...own, ...more });
}

describe('an acknowledgment', () => {
  it('accepts a message under its number, and goes back to where that came from', () => {
    const text = acknowledge(parsedFixture('dirt/lf-lines'));
    expect(text.split('\r')).toEqual([
      'MSH|^~\\&|CAREFLOW|FR|VALMY-LIS|LABO-VALMY|20260309093100+0000||ACK^R01^ACK|CF-ACK-1|P|2.5.1||||||UNICODE UTF-8',
      'MSA|AA|DIRT-6',
      '',
    ]);
  });

  it('is written in the separators and the version of its message', () => {
    const [msh, msa] = acknowledge(parsedFixture('dirt/own-delimiters')).split('\r');
    expect(msh).toMatch(/^MSH#\*\+!%#CAREFLOW#FR#VALMY-LIS#LABO-VALMY#20260309093100\+0000##ACK\*R01\*ACK#/);
    expect(msa).toBe('MSA#AA#DIRT-13');
    expect(acknowledge(parsedFixture('versions/2.3'))).toContain('|CF-ACK-1|P|2.3|');
  });

  it.each(fixtureNames('refused'))('says what is wrong and where: %s', (name) => {
    const [, code, condition, segment, occurrence, field = ''] =
      /(A[ER])-(\d{3})-([A-Z]{3})-(\d+)(?:-(\d+))?\.hl7$/.exec(name) ?? [];
    const text = acknowledge(readFixture(name).find(({ outcome }) => outcome !== 'parsed'));
    const message = Hl7Message.parse(text.trimEnd());
    expect(message.getSegment('MSA')?.getField(1).toString()).toBe(code);
    const err = message.getSegment('ERR');
    const location = err?.getField(2);
    expect([1, 2, 3].map((part) => location?.getComponent(part))).toEqual([segment, occurrence, field]);
    expect(err?.getComponent(3, 1)).toBe(condition);
    expect(err?.getField(4).toString()).toBe('E');
  });

  it('puts the place into ERR-1 for versions before 2.5', () => {
    const [read] = readFixture('refused/AE-101-OBX-2-3');
    const header = read?.header && { ...read.header, version: '2.3.1' };
    expect(acknowledge(read, { header }).split('\r')[2]).toBe('ERR|OBX^2^3^101&Required field missing&HL70357');
  });

  it('names repetition and component where the fault has them', () => {
    const text = acknowledge(readFixture('refused/AE-102-OBX-1-5')[0]);
    expect(text).toContain('\rERR||OBX^1^5^1^5|102^Data type error^HL70357|E||||');
  });

  it('escapes what it says', () => {
    const fault: LabFault = { code: '199', severity: 'error', text: 'one | two ^ three & four' };
    const [read] = readFixture('refused/AE-101-OBX-2-3');
    expect(acknowledge(read, { faults: [fault] })).toContain('one \\F\\ two \\S\\ three \\T\\ four');
  });
});

describe('which acknowledgments are given', () => {
  const outcomes: AcknowledgedOutcome[] = ['accepted', 'refused', 'rejected'];

  it('is one of the application in original mode', () => {
    const { header } = parsedFixture('dirt/lf-lines');
    expect(outcomes.map((outcome) => acknowledgmentCodes(header, outcome))).toEqual([['AA'], ['AE'], ['AR']]);
    expect(acknowledgmentCodes(undefined, 'refused')).toEqual(['AE']);
  });

  it.each([
    [
      'both',
      [
        ['CA', 'AA'],
        ['CE', 'AE'],
        ['CR', 'AR'],
      ],
    ],
    ['accept-only', [['CA'], ['CE'], ['CR']]],
    ['on-error', [[], ['CE', 'AE'], ['CR', 'AR']]],
    ['on-success', [['CA', 'AA'], [], []]],
    ['never', [[], [], []]],
  ])('follows MSH-15 and MSH-16 in enhanced mode: %s', (name, expected) => {
    const { header } = parsedFixture(`acknowledgments/enhanced-${name}`);
    expect(outcomes.map((outcome) => acknowledgmentCodes(header, outcome))).toEqual(expected);
  });
});
