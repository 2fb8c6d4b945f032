/** The characters of a kit code, and `*`, which only its check character may be (ISO 7064, MOD 37-2). */
const CHARACTERS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ*';
const MODULUS = 37;
const RADIX = 2;

/** Without the check character. */
export const KIT_NUMBER_LENGTH = 11;

const CODE = /^[0-9A-Z]{11}[0-9A-Z*]$/;

/**
 * The kit code as it is stored, from how somebody typed it: blanks, hyphens and small letters do not matter. Undefined
 * where the check character does not fit, which is so after any one wrong character and any swap of two neighbours.
 */
export function readKitCode(typed: string): string | undefined {
  const code = typed.replaceAll(/[\s-]/g, '').toUpperCase();
  return CODE.test(code) && remainderOf(code) === 1 ? code : undefined;
}

/** A kit's number of 11 characters with its check character. */
export function writeKitCode(kitNumber: string): string {
  const before = remainderOf(`${kitNumber}0`);
  return `${kitNumber}${CHARACTERS[(MODULUS + 1 - before) % MODULUS]}`;
}

/** ISO 7064, pure system: the weighted sum of all characters, of which a right code leaves 1. */
function remainderOf(code: string): number {
  let remainder = 0;
  for (const character of code) remainder = (remainder * RADIX + CHARACTERS.indexOf(character)) % MODULUS;
  return remainder;
}
