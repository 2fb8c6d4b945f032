import { describe, expect, it } from 'vitest';

import { parseReferenceRange } from '../../../shared/domain/lab-range.ts';

describe('parseReferenceRange', () => {
  it.each([
    ['3.5-5.1', '3.5', '5.1'],
    ['3.5 - 5.1', '3.5', '5.1'],
    ['(3.5-5.1)', '3.5', '5.1'],
    ['[3,5 – 5,10]', '3.5', '5.10'],
    ['0.5 to 1.5', '0.5', '1.5'],
    ['-2 - 2', '-2', '2'],
    ['-5--2', '-5', '-2'],
    ['.5-1', '0.5', '1'],
    ['00.5-+010', '0.5', '10'],
    ['0-0.0', '0', '0.0'],
    ['3.5-5.1 mmol/L', '3.5', '5.1'],
  ])('reads both ends of %s', (text, low, high) => {
    expect(parseReferenceRange(text)).toEqual({
      text,
      low: { number: low, inclusive: true },
      high: { number: high, inclusive: true },
    });
  });

  it.each([
    ['<5', { high: { number: '5', inclusive: false } }],
    ['<=5', { high: { number: '5', inclusive: true } }],
    ['≤ 0,5', { high: { number: '0.5', inclusive: true } }],
    ['>= 10', { low: { number: '10', inclusive: true } }],
    ['> 10 mg/L', { low: { number: '10', inclusive: false } }],
  ])('reads the one end of %s', (text, ends) => {
    expect(parseReferenceRange(text)).toEqual({ text, ...ends });
  });

  it('is read at the pace of its length, blanks and all', () => {
    const blanks = ' '.repeat(700 * 1024);
    const texts = [`1-2${blanks}\nx\ny`, `<${blanks}5${blanks}\nx\ny`, `1${blanks}x`];
    const before = process.cpuUsage();
    expect(texts.map(parseReferenceRange)).toMatchObject([{ low: { number: '1' } }, { high: { number: '5' } }, {}]);
    expect(process.cpuUsage(before).user).toBeLessThan(2_000_000);
  });

  it.each(['negative', '1:10-1:40', '3.5-5.1-7', 'M: 13-17 F: 12-15', '5', '', '< five', '1,234-5,678', '<1,500'])(
    'keeps as text what is no range: %s',
    (text) => {
      expect(parseReferenceRange(text)).toEqual({ text });
    },
  );
});
