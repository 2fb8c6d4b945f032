import { isAmbiguous } from './lab-decimal.ts';

/** One end of a reference range. */
type Bound = {
  /** A decimal number as it was written. */
  readonly number: string;
  readonly inclusive: boolean;
};

/** What is usual, as the laboratory wrote it; with its ends where they can be told. */
export type ReferenceRange = {
  readonly text: string;
  readonly low?: Bound;
  readonly high?: Bound;
};

const NUMBER = String.raw`([+-]?(?:\d+(?:[.,]\d+)?|[.,]\d+))`;
const BETWEEN = new RegExp(String.raw`^\(?\[?\s*${NUMBER}\s*(?:-|–|—|\.\.|to)\s*${NUMBER}\s*\)?\]?(?=\s|$)`, 'i');
const ONE_SIDED = new RegExp(String.raw`^(<=|>=|=<|=>|≤|≥|<|>)\s*${NUMBER}(?=\s|$)`);

/** Reads OBX-7: `3.5-5.1`, `<5`, `>= 10`; anything else is text, and what may be either of two numbers. */
export function parseReferenceRange(text: string): ReferenceRange {
  const written = text.trim();
  const [, low, high] = BETWEEN.exec(written) ?? [];
  const [, sign, limit] = ONE_SIDED.exec(written) ?? [];
  if ([low, high, limit].some(isAmbiguous)) return { text: written };
  if (low !== undefined && high !== undefined) return { text: written, low: bound(low, true), high: bound(high, true) };
  if (sign === undefined || limit === undefined) return { text: written };
  const end = bound(limit, /[=≤≥]/.test(sign));
  return /[<≤]/.test(sign) ? { text: written, high: end } : { text: written, low: end };
}

function bound(number: string, inclusive: boolean): Bound {
  return { number: decimalOf(number), inclusive };
}

/** As JSON and FHIR write decimals: with a point and a digit before it, and no zero or plus that says nothing. */
function decimalOf(written: string): string {
  return written
    .replace(',', '.')
    .replace(/^([+-]?)0*(?=\.|\d)/, (_, sign: string) => (sign === '-' ? '-' : ''))
    .replace(/^(-?)\./, '$10.');
}
