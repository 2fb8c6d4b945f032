/** HL7 table 0211 and the names that are written instead, to the labels of the WHATWG Encoding Standard. */
const labels: Readonly<Record<string, string>> = {
  '8859/1': 'windows-1252',
  '8859/2': 'iso-8859-2',
  '8859/3': 'iso-8859-3',
  '8859/4': 'iso-8859-4',
  '8859/5': 'iso-8859-5',
  '8859/6': 'iso-8859-6',
  '8859/7': 'iso-8859-7',
  '8859/8': 'iso-8859-8',
  '8859/9': 'windows-1254',
  '8859/15': 'iso-8859-15',
  'ISO IR87': 'iso-2022-jp',
  'GB 18030-2000': 'gb18030',
  'KS X 1001': 'euc-kr',
  'BIG-5': 'big5',
  'ISO-8859-1': 'windows-1252',
  'ISO8859-1': 'windows-1252',
  'ISO-8859-15': 'iso-8859-15',
  'WINDOWS-1252': 'windows-1252',
  CP1252: 'windows-1252',
};

const utf8 = new TextDecoder('utf-8', { fatal: true });
/** MSH-18 is the seventeenth after the separator that ends `MSH`. */
const CHARSET_FIELD = 17;
/** ISO 2022 switches its character sets by sequences that begin so; all of it is ASCII, which is UTF-8 too. */
const ESC = 0x1b;

/**
 * Decodes what a laboratory sent. A byte order mark decides, then UTF-8 where the bytes are that, whatever MSH-18 says (ASCII
 * is a part of it); else the character set of MSH-18, else Windows-1252. Never throws.
 */
export function decodeText(bytes: Uint8Array): string {
  const [first, second] = bytes;
  if (first === 0xff && second === 0xfe) return new TextDecoder('utf-16le').decode(bytes);
  if (first === 0xfe && second === 0xff) return new TextDecoder('utf-16be').decode(bytes);
  const label = labels[declaredCharset(bytes)];
  if (label === 'iso-2022-jp' && bytes.includes(ESC)) return new TextDecoder(label).decode(bytes);
  try {
    return utf8.decode(bytes);
  } catch {
    return new TextDecoder(label ?? 'windows-1252').decode(bytes);
  }
}

function declaredCharset(bytes: Uint8Array): string {
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 2_048)).toString('latin1');
  const at = head.search(/MSH[^A-Za-z0-9]/);
  if (at < 0) return '';
  const [line = ''] = head.slice(at).split(/[\r\n]/);
  const field = line.split(line.charAt(3))[CHARSET_FIELD] ?? '';
  return (field.split(line.charAt(5))[0] ?? '').trim().toUpperCase();
}
