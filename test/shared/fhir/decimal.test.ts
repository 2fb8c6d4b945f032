import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { jsonNumber, parseFhirJson } from '../../../shared/fhir/decimal.ts';

function parsesTo(text: string): boolean {
  try {
    return parseFhirJson(text) !== undefined;
  } catch {
    return false;
  }
}

describe('decimals', () => {
  it('are read as the text they are written in', () => {
    expect(parseFhirJson('{"value": 5.10, "low":{"value":-0.00}, "high":{ "value" : 1E+2 } }')).toEqual({
      value: '5.10',
      low: { value: '-0.00' },
      high: { value: '1E+2' },
    });
  });

  it('are no part of texts, whatever these say', () => {
    const texts = {
      text: '"value": 5.10, {"value":5.10}',
      value: '"value":7,',
      'a"value': 1,
      'b,"value': 2,
      values: 2,
    };
    expect(parseFhirJson(JSON.stringify(texts))).toEqual(texts);
  });

  it('change nothing else in any JSON', () => {
    const asText = (value: unknown): unknown =>
      JSON.parse(JSON.stringify(value), (key, each: unknown) =>
        key === 'value' && typeof each === 'number' ? JSON.stringify(each) : each,
      );
    fc.assert(
      fc.property(
        fc.jsonValue(),
        fc.dictionary(fc.constantFrom('value', 'unit', '"value":1,'), fc.jsonValue()),
        (one, other) => {
          const both = { one, other };
          expect(parseFhirJson(JSON.stringify(both))).toEqual(asText(both));
        },
      ),
      { numRuns: 300 },
    );
  });

  it.each(['{"value": 05}', '{"value": 5.}', '{"value": +5}', '{"value": 5 5}', '{"value"', ''])(
    'that are none stay none: %s',
    (text) => {
      expect(() => parseFhirJson(text)).toThrow(SyntaxError);
    },
  );

  it('are found at the pace of a linear scan, however many blanks and commas there are', () => {
    const size = 700 * 1024;
    const cost = (text: string) => {
      const before = process.cpuUsage();
      expect(parsesTo(text)).toBeTypeOf('boolean');
      return process.cpuUsage(before).user;
    };
    const ordinary = cost(`[${'{"value": 5.10},'.repeat(size / 16)}{}]`);
    const blanks = ' '.repeat(size);
    const texts = [
      blanks,
      `{${blanks}"value": 5}`,
      `{"value"${blanks}`,
      `{"value": 5${blanks}`,
      `{"value": ${'5'.repeat(size)}`,
      ',  '.repeat(size / 3),
      `${','.repeat(size / 2)}${' '.repeat(size / 2)}`,
      '"value" '.repeat(size / 8),
    ];
    for (const text of texts) expect(cost(text)).toBeLessThan(20 * ordinary + 1_000_000);
  });

  it('are written as they are given', () => {
    const numbers = ['5.10', '0.1', '-3', '12345678901234567890.123', '0'];
    expect(JSON.stringify(numbers.map(jsonNumber))).toBe(`[${numbers.join()}]`);
  });

  it('are written as near as can be where JSON has no way to write them so', () => {
    expect(JSON.stringify(['007', '.5', '+1', 'none'].map(jsonNumber))).toBe('[7,0.5,1,null]');
  });
});
