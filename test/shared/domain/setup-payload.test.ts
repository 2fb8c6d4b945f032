import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { isSetupCode, writeSetupCode } from '../../../shared/domain/setup-code.ts';
import { readSetupPayload, type SetupPayload } from '../../../shared/domain/setup-payload.ts';
import { writeSetupPayload } from '../../support/setup-payload.ts';

const reference: SetupPayload = {
  setupCode: 51_808_582,
  category: 5,
  paired: false,
  ip: true,
  ble: false,
  wac: false,
  version: 0,
  setupId: '7OSX',
};

const setupCodes = fc.integer({ min: 0, max: 99_999_999 }).filter(isSetupCode);

const payloads: fc.Arbitrary<SetupPayload> = fc.record({
  setupCode: setupCodes,
  category: fc.integer({ min: 1, max: 36 }),
  paired: fc.boolean(),
  ip: fc.boolean(),
  ble: fc.boolean(),
  wac: fc.boolean(),
  version: fc.integer({ min: 0, max: 7 }),
  setupId: fc.stringMatching(/^[0-9A-Z]{4}$/),
});

/** A URI of any 45-bit number, well formed or not. */
function uriOf(number: number, setupId = '7OSX'): string {
  return `X-HM://${number.toString(36).toUpperCase().padStart(9, '0')}${setupId}`;
}

describe('a setup payload', () => {
  it('is read as the reference says, and written so', () => {
    expect(readSetupPayload('X-HM://0052VG2TI7OSX')).toEqual({ payload: reference });
    expect(writeSetupPayload(reference)).toBe('X-HM://0052VG2TI7OSX');
  });

  it('is read as it was written, whatever it holds', () => {
    fc.assert(
      fc.property(payloads, (payload) => {
        expect(readSetupPayload(writeSetupPayload(payload))).toEqual({ payload });
      }),
      { numRuns: 10_000 },
    );
  });

  it('is written as it was read, whatever it is', () => {
    const numbers = fc.maxSafeInteger().map((number) => Math.abs(number) % 36 ** 9);
    fc.assert(
      fc.property(numbers, (number) => {
        const read = readSetupPayload(uriOf(number));
        if ('payload' in read) expect(writeSetupPayload(read.payload)).toBe(uriOf(number));
      }),
      { numRuns: 10_000 },
    );
  });

  it.each([
    ['another scheme', 'x-hm://0052VG2TI7OSX'],
    ['small letters', 'X-HM://0052vg2ti7OSX'],
    ['a character less', 'X-HM://0052VG2TI7OS'],
    ['a character more', 'X-HM://0052VG2TI7OSXX'],
    ['something before it', ' X-HM://0052VG2TI7OSX'],
    ['more bits than there are', uriOf(2 ** 46 + 51_808_582)],
    ['a code of nine digits', uriOf(100_000_000)],
    ['the largest number', 'X-HM://ZZZZZZZZZ7OSX'],
    ['nothing', ''],
  ])('is malformed with %s', (_, uri) => {
    expect(readSetupPayload(uri)).toEqual({ fault: 'malformed' });
  });

  it.each([0, 37, 255])('is of no category that there is: %i', (category) => {
    expect(readSetupPayload(writeSetupPayload({ ...reference, category }))).toEqual({ fault: 'unknown-category' });
  });

  it.each([0, 1, 2, 3])('has nothing in its reserved bits: %i', (bit) => {
    const number = Number.parseInt('0052VG2TI', 36) + 2 ** (39 + bit);
    expect(readSetupPayload(uriOf(number))).toEqual({ fault: 'reserved-bits' });
  });

  it('holds no code that anybody would guess', () => {
    expect(readSetupPayload(writeSetupPayload({ ...reference, setupCode: 12_345_678 }))).toEqual({
      fault: 'guessable-code',
    });
  });
});

describe('a setup code', () => {
  const guessable = [
    ...Array.from({ length: 10 }, (_, digit) => String(digit).repeat(8)),
    '12345678',
    '87654321',
  ] as const;

  it.each(guessable)('is not %s', (code) => {
    expect(isSetupCode(Number(code))).toBe(false);
  });

  it.each([1, 11_111_112, 99_999_998, 51_808_582])('may be %i', (code) => {
    expect(isSetupCode(code)).toBe(true);
  });

  it.each([-1, 100_000_000, 1.5, Number.NaN])('is eight digits: not %d', (code) => {
    expect(isSetupCode(code)).toBe(false);
  });

  it('is written with hyphens', () => {
    fc.assert(
      fc.property(setupCodes, (code) => {
        expect(writeSetupCode(code)).toMatch(/^\d{3}-\d{2}-\d{3}$/);
        expect(Number(writeSetupCode(code).replaceAll('-', ''))).toBe(code);
      }),
    );
  });
});
