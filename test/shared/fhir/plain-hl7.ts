/** Reads just enough of HL7 v2 to say what a message holds, by another way than the product's. */
export type PlainObservation = {
  readonly type: string;
  readonly status: string;
  readonly codes: readonly string[];
  /** The components of each repetition. */
  readonly values: readonly (readonly string[])[];
  readonly unit: string;
  readonly ranges: readonly string[];
  readonly flags: readonly string[];
};

/** Every OBX beneath an OBR, in order. */
export function plainObservations(bytes: Buffer): PlainObservation[] {
  const lines = plainText(bytes)
    .split(/[\r\n]+/)
    .map((line) => line.trim())
    .filter((line) => line !== '');
  const msh = lines.find((line) => line.startsWith('MSH')) ?? 'MSH|^~\\&';
  const [field = '|', component = '^', repeat = '~', sign = '\\'] = msh.slice(3);
  const whole = lines.reduce<string[]>((joined, line) => {
    if (/^[A-Z][A-Z0-9]{2}$/.test(line.split(field)[0] ?? '')) joined.push(line);
    else if (joined.length > 0) joined.push(`${joined.pop()}\n${line}`);
    return joined;
  }, []);
  const firstOrder = whole.findIndex((line) => line.startsWith('OBR'));
  const results = whole.filter((line, index) => index > firstOrder && line.startsWith(`OBX${field}`));
  return results.map((line) => {
    const at = (number: number) => line.split(field)[number] ?? '';
    const part = (text: string, number: number) => text.split(component)[number - 1] ?? '';
    const plain = (text: string) => (text === '""' ? '' : unescaped(text, { field, component, repeat, sign }));
    const firsts = (number: number) =>
      at(number)
        .split(repeat)
        .map((each) => plain(part(each, 1)))
        .filter((each) => each !== '');
    return {
      type: at(2),
      status: at(11),
      codes: [1, 4].map((number) => plain(part(at(3), number))).filter((code) => code !== ''),
      values:
        at(5) === '' || at(5) === '""'
          ? []
          : at(5)
              .split(repeat)
              .map((each) => each.split(component).map(plain)),
      unit: plain(part(at(6), 2) || part(at(6), 1)),
      ranges: firsts(7),
      flags: firsts(8),
    };
  });
}

function plainText(bytes: Buffer): string {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return bytes.subarray(2).toString('utf16le');
  const utf8 = bytes.toString('utf8');
  const text = utf8.includes('\uFFFD') ? bytes.toString('latin1') : utf8;
  return text
    .replace(/^\uFEFF/, '')
    .replaceAll('\v', '\n')
    .replaceAll('\u001C', '\n');
}

type Signs = Readonly<Record<'field' | 'component' | 'repeat' | 'sign', string>>;

function unescaped(text: string, { field, component, repeat, sign }: Signs): string {
  const meanings: Readonly<Record<string, string>> = {
    F: field,
    S: component,
    R: repeat,
    T: '&',
    E: sign,
    X09: '\t',
    XC3A9: 'é',
    H: '',
    N: '',
    '.br': '\n',
    '.sp2': '\n\n',
    '.in4': '',
  };
  return Object.entries(meanings).reduce((rest, [name, meaning]) => rest.replaceAll(sign + name + sign, meaning), text);
}
