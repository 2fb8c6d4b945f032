import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { KIT_NUMBER_LENGTH, readKitCode, writeKitCode } from '../../../shared/domain/kit-code.ts';

const CHARACTERS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ*';

const numbers = fc.stringMatching(new RegExp(`^[0-9A-Z]{${KIT_NUMBER_LENGTH}}$`));

function sampleCodes(count: number): string[] {
  return fc.sample(numbers, { numRuns: count, seed: 7 }).map(writeKitCode);
}

describe('a kit code', () => {
  // ISBT 128 uses the same check character: the donation number G123 498 654321 has H (ISBT 128 Standard, 1.1).
  it('has the check character that ISO 7064 MOD 37-2 gives it', () => {
    expect(writeKitCode('G123498654321')).toBe('G123498654321H');
  });

  it('is read as it was written', () => {
    fc.assert(fc.property(numbers.map(writeKitCode), (code) => readKitCode(code) === code));
  });

  it('is refused with any one wrong character', () => {
    const taken: string[] = [];
    for (const code of sampleCodes(1_000)) {
      for (let place = 0; place < code.length; place += 1) {
        for (const character of CHARACTERS) {
          const typo = code.slice(0, place) + character + code.slice(place + 1);
          if (typo !== code && readKitCode(typo) !== undefined) taken.push(typo);
        }
      }
    }
    expect(taken).toEqual([]);
  });

  it('is refused with any two neighbours swapped', () => {
    const taken: string[] = [];
    for (const code of sampleCodes(1_000)) {
      for (let place = 0; place + 1 < code.length; place += 1) {
        const [one = '', other = ''] = code.slice(place, place + 2);
        const typo = code.slice(0, place) + other + one + code.slice(place + 2);
        if (typo !== code && readKitCode(typo) !== undefined) taken.push(typo);
      }
    }
    expect(taken).toEqual([]);
  });

  it('is refused with a character missing or one too many', () => {
    for (const code of sampleCodes(200)) {
      for (let place = 0; place < code.length; place += 1) {
        expect(readKitCode(code.slice(0, place) + code.slice(place + 1))).toBeUndefined();
        expect(readKitCode(code.slice(0, place) + code[place] + code.slice(place))).toBeUndefined();
      }
    }
  });

  it('is the same however it is spaced and whatever the size of its letters', () => {
    const [code = ''] = sampleCodes(1);
    const typed = ` ${code.slice(0, 4).toLowerCase()}-${code.slice(4, 8)}\u00A0${code.slice(8)} `;
    expect(readKitCode(typed)).toBe(code);
  });

  it('ends in each of 37 characters', () => {
    expect(new Set(sampleCodes(1_000).map((code) => code.at(-1)))).toEqual(new Set(CHARACTERS));
  });
});
