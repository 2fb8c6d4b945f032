/** One septet each in the default alphabet of 3GPP TS 23.038. */
const BASIC = new Set(
  '@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !"#¤%&\'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà',
);

/** Two septets each: an escape and a character of the extension table. */
const EXTENDED = new Set('^{}\\[~]|€');

const PLAIN: Readonly<Record<string, string>> = {
  '\u2018': "'",
  '\u2019': "'",
  '\u201c': '"',
  '\u201d': '"',
  '\u201e': '"',
  '«': '"',
  '»': '"',
  '\u2010': '-',
  '\u2011': '-',
  '\u2013': '-',
  '\u2014': '-',
  '\u2026': '...',
  œ: 'oe',
  Œ: 'OE',
  ł: 'l',
  Ł: 'L',
  đ: 'd',
  Đ: 'D',
  ı: 'i',
};

/** What an SMS of one part holds. */
export const SMS_SEPTETS = 160;

/** Writes a text in the GSM 7-bit alphabet as far as that has the letters; a foreign script is left as it is. */
export function toGsm7(text: string): string {
  return Array.from(text.normalize('NFC'), plainLetter).join('');
}

/** How many septets the text takes; a character outside the alphabet counts as one here. */
export function septetsOf(text: string): number {
  return Array.from(text).reduce((sum, letter) => sum + (EXTENDED.has(letter) ? 2 : 1), 0);
}

/** Whether every character is in the alphabet: else the SMS is sent in UCS-2, 70 characters a part. */
export function isGsm7(text: string): boolean {
  return Array.from(text).every((letter) => BASIC.has(letter) || EXTENDED.has(letter));
}

function plainLetter(letter: string): string {
  if (BASIC.has(letter) || EXTENDED.has(letter)) return letter;
  if (/\s/u.test(letter)) return ' ';
  const bare = PLAIN[letter] ?? letter.normalize('NFD').replace(/\p{M}/gu, '');
  return isGsm7(bare) ? bare : letter;
}
