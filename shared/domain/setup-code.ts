/** The codes that are refused because anybody would guess them (HomeKit Accessory Protocol, R2, chapter 4). */
const GUESSABLE: ReadonlySet<number> = new Set([
  ...Array.from({ length: 10 }, (_, digit) => digit * 11_111_111),
  12_345_678,
  87_654_321,
]);

const HIGHEST = 99_999_999;

/** Whether a number is the setup code of an accessory: eight digits that nobody would guess. */
export function isSetupCode(code: number): boolean {
  return isEightDigits(code) && !GUESSABLE.has(code);
}

/** Whether it could be written as one, guessable or not. */
export function isEightDigits(code: number): boolean {
  return Number.isInteger(code) && code >= 0 && code <= HIGHEST;
}

/** `XXX-XX-XXX`, as it is printed on an accessory. */
export function writeSetupCode(code: number): string {
  const digits = String(code).padStart(8, '0');
  return `${digits.slice(0, 3)}-${digits.slice(3, 5)}-${digits.slice(5)}`;
}
