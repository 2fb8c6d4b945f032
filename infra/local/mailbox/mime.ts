/** What a reader of an e-mail sees of it (RFC 2045 to 2049, 2183, 2231). */
export type ReadMail = {
  readonly from: string;
  readonly subject: string;
  readonly text: string;
  readonly html: string | undefined;
  readonly headers: ReadonlyMap<string, string>;
  readonly attachments: readonly ReadAttachment[];
};

export type ReadAttachment = { readonly filename: string; readonly contentType: string; readonly content: string };

type Part = { readonly headers: ReadonlyMap<string, string>; readonly body: string };

/** Reads a MIME message with its first text, first HTML and attachments, each as UTF-8 text. */
export function readMail(message: Buffer): ReadMail {
  const root = readPart(message.toString('latin1'));
  const leaves = leavesOf(root);
  const attached = leaves.filter(isAttachment);
  const shown = leaves.filter((part) => !isAttachment(part));
  const bodyOf = (type: string) => shown.filter((part) => typeOf(part) === type).map(decodeBody)[0];
  return {
    from: decodeWords(root.headers.get('from') ?? ''),
    subject: decodeWords(root.headers.get('subject') ?? ''),
    text: bodyOf('text/plain') ?? '',
    html: bodyOf('text/html'),
    headers: root.headers,
    attachments: attached.map((part) => ({
      filename: filenameOf(part),
      contentType: part.headers.get('content-type') ?? 'application/octet-stream',
      content: decodeBody(part),
    })),
  };
}

function readPart(source: string): Part {
  const [head = '', ...rest] = source.split(/\r?\n\r?\n/);
  const separator = /\r?\n\r?\n/.exec(source)?.[0] ?? '';
  const lines = head.replaceAll(/\r?\n[ \t]+/g, ' ').split(/\r?\n/);
  const headers = new Map(lines.map((line) => fieldOf(line)));
  return { headers, body: rest.length === 0 ? '' : source.slice(head.length + separator.length) };
}

function fieldOf(line: string): [name: string, value: string] {
  const colon = line.indexOf(':');
  return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
}

function leavesOf(part: Part): Part[] {
  const boundary = parameterOf(part.headers.get('content-type'), 'boundary');
  if (!typeOf(part).startsWith('multipart/') || boundary === undefined) return [part];
  const [, ...sections] = `\n${part.body}`.split(`\n--${boundary}`);
  const inner = sections.filter((section) => !section.startsWith('--'));
  return inner.flatMap((section) => leavesOf(readPart(section.replace(/^[ \t]*\r?\n/, '').replace(/\r$/, ''))));
}

function typeOf({ headers }: Part): string {
  return (headers.get('content-type') ?? 'text/plain').split(';', 1)[0]?.trim().toLowerCase() ?? '';
}

function isAttachment({ headers }: Part): boolean {
  return headers.get('content-disposition')?.toLowerCase().startsWith('attachment') ?? false;
}

function filenameOf({ headers }: Part): string {
  const disposition = headers.get('content-disposition');
  const extended = parameterOf(disposition, 'filename*') ?? parameterOf(disposition, 'filename*0*');
  if (extended !== undefined) return decodeURIComponent(extended.replace(/^[^']*'[^']*'/, ''));
  return decodeWords(parameterOf(disposition, 'filename') ?? '');
}

function parameterOf(header: string | undefined, name: string): string | undefined {
  for (const parameter of header?.matchAll(/;\s*([^=;\s]+)=(?:"((?:[^"\\]|\\.)*)"|([^;\s]*))/g) ?? []) {
    const [, key, quoted, plain] = parameter;
    if (key?.toLowerCase() === name) return quoted?.replaceAll(/\\(.)/g, '$1') ?? plain;
  }
  return undefined;
}

function decodeBody({ headers, body }: Part): string {
  const encoding = headers.get('content-transfer-encoding')?.toLowerCase();
  if (encoding === 'base64') return Buffer.from(body, 'base64').toString();
  return utf8(encoding === 'quoted-printable' ? decodeQuoted(body.replaceAll(/=\r?\n/g, '')) : body);
}

/** RFC 2047: what is between two encoded words is nothing but the fold. */
function decodeWords(value: string): string {
  const joined = value.replaceAll(/(\?=)\s+(=\?)/g, '$1$2');
  const decoded = joined.replaceAll(/=\?utf-8\?([bq])\?([^?]*)\?=/gi, (_all, kind: string, text: string) =>
    kind.toLowerCase() === 'b'
      ? Buffer.from(text, 'base64').toString('latin1')
      : decodeQuoted(text.replaceAll('_', ' ')),
  );
  return utf8(decoded);
}

function decodeQuoted(text: string): string {
  return text.replaceAll(/=([0-9a-f]{2})/gi, (_all, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

function utf8(latin1: string): string {
  return Buffer.from(latin1, 'latin1').toString();
}
