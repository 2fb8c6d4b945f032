import type { Decimal } from '../domain/lab-report.ts';

/**
 * A member `value` that is a number. In a text a quotation mark has a backslash before it, so this is no part of one. What
 * stands before the member is not looked at: blanks without end would be looked at again from each of them.
 */
const DECIMAL_VALUE = /(?<!\\)"value"(\s*:\s*)(-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)(?=\s*[,}])/g;

/**
 * Reads JSON and keeps every decimal `value` as the text it was written in: FHIR R4 (2.24.0.1) wants 5.10 to stay 5.10. Throws
 * a SyntaxError.
 */
export function parseFhirJson(text: string): unknown {
  return JSON.parse(text.replaceAll(DECIMAL_VALUE, '"value"$1"$2"'));
}

const JSON_NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

/** A number that JSON.stringify writes as it is given. Read it from the JSON: in memory it may be no number. */
export function jsonNumber(decimal: Decimal): number {
  const number = Number(decimal);
  if (!JSON_NUMBER.test(decimal)) return number;
  // The type that FHIR resources are described in has no other word for a decimal.
  return String(number) === decimal ? number : (JSON.rawJSON(decimal) as unknown as number);
}
