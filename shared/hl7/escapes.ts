/** The characters that MSH-1 and MSH-2 declare. */
export type Separators = {
  readonly field: string;
  readonly component: string;
  readonly repetition: string;
  readonly escape: string;
  readonly subcomponent: string;
};

/** Puts the characters in place of their escape sequences (HL7 v2.8.2, 2.7). What is no sequence stays as it is. */
export function unescape(text: string, separators: Separators): string {
  const { escape } = separators;
  let start = text.indexOf(escape);
  if (start < 0) return text;
  let result = '';
  let rest = 0;
  while (start >= 0) {
    const end = text.indexOf(escape, start + 1);
    if (end < 0) break;
    const meaning = meaningOf(text.slice(start + 1, end), separators);
    if (meaning === undefined) {
      start = end;
      continue;
    }
    result += text.slice(rest, start) + meaning;
    rest = end + 1;
    start = text.indexOf(escape, rest);
  }
  return result + text.slice(rest);
}

/** Makes text safe to stand in a component. */
export function escape(text: string, separators: Separators): string {
  const names: Readonly<Record<string, string>> = {
    [separators.field]: 'F',
    [separators.component]: 'S',
    [separators.subcomponent]: 'T',
    [separators.repetition]: 'R',
    [separators.escape]: 'E',
    '\r': 'X0D',
    '\n': 'X0A',
  };
  const wrap = (name: string) => separators.escape + name + separators.escape;
  return Array.from(text, (character) => {
    const name = names[character];
    return name === undefined ? character : wrap(name);
  }).join('');
}

/** Undefined where it is no sequence, as in a path of Windows. */
function meaningOf(sequence: string, separators: Separators): string | undefined {
  switch (sequence) {
    case 'F':
      return separators.field;
    case 'S':
      return separators.component;
    case 'T':
      return separators.subcomponent;
    case 'R':
      return separators.repetition;
    case 'E':
      return separators.escape;
    case 'P':
      // The truncation character of 2.7.
      return '#';
    case 'H':
    case 'N':
      // Highlighting begins and ends.
      return '';
    default:
      return hexMeaning(sequence) ?? formatMeaning(sequence);
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

function hexMeaning(sequence: string): string | undefined {
  if (!/^X(?:[0-9A-Fa-f]{2})+$/.test(sequence)) return undefined;
  const bytes = Buffer.from(sequence.slice(1), 'hex');
  try {
    return utf8.decode(bytes);
  } catch {
    return bytes.toString('latin1');
  }
}

/** Formatting commands of FT (2.7.6): line breaks and indents are kept as white space, centring and wrapping are not. */
function formatMeaning(sequence: string): string | undefined {
  const [, name, count = '1'] = /^\.(br|sp|ce|sk|in|ti|fi|nf)([+-]?\d{0,3})$/.exec(sequence) ?? [];
  if (name === undefined) return undefined;
  const times = Math.min(Math.max(Number(count) || 1, 1), 100);
  if (name === 'br' || name === 'ce') return '\n';
  if (name === 'sp') return '\n'.repeat(times);
  return name === 'sk' ? ' '.repeat(times) : '';
}
