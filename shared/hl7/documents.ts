import type { LabDocument } from '../domain/lab-report.ts';
import { componentAt, type Segment, textAt } from './segment.ts';

/** HL7 table 0191 and what is written in its place, to the types of RFC 2046. */
const types: Readonly<Record<string, string>> = {
  ap: 'application',
  application: 'application',
  au: 'audio',
  audio: 'audio',
  ft: 'text',
  tx: 'text',
  text: 'text',
  im: 'image',
  image: 'image',
  multipart: 'multipart',
  ns: 'application',
  sd: 'application',
  si: 'image',
};

/** Reads ED (HL7 v2.8.2, 2A.3.24). Undefined where its data is not what its encoding says. */
export function embeddedDocument(segment: Segment, field: number, repetition: number): LabDocument | undefined {
  const data = dataOf(
    componentAt(segment, field, 4, repetition).toLowerCase(),
    textAt(segment, field, 5, repetition).trim(),
  );
  if (data === undefined) return undefined;
  return { contentType: contentTypeAt(segment, field, repetition, 2), ...titleOf(segment), data };
}

/** Reads RP: where a document lies. Undefined where it does not say. */
export function referencedDocument(segment: Segment, field: number, repetition: number): LabDocument | undefined {
  const pointer = componentAt(segment, field, 1, repetition);
  const application = componentAt(segment, field, 2, repetition);
  if (pointer === '') return undefined;
  const isAbsolute = /^[a-z][a-z0-9+.-]*:/i.test(pointer) || application === '';
  const url = isAbsolute ? pointer : `${application}/${pointer}`;
  return { contentType: contentTypeAt(segment, field, repetition, 3), ...titleOf(segment), url };
}

/** HL7 table 0299. Answers Base64. */
function dataOf(encoding: string, written: string): string | undefined {
  if (encoding === 'hex')
    return /^(?:[0-9a-f]{2})+$/i.test(written) ? Buffer.from(written, 'hex').toString('base64') : undefined;
  if (encoding !== 'base64') return written === '' ? undefined : Buffer.from(written).toString('base64');
  const base64 = written.replace(/\s+/g, '');
  return base64 !== '' && base64.length % 4 === 0 && /^[A-Za-z0-9+/]+={0,2}$/.test(base64) ? base64 : undefined;
}

/** Type and subtype, which stand next to each other: from component 2 in ED, from 3 in RP. */
function contentTypeAt(segment: Segment, field: number, repetition: number, component: number): string {
  const [written = '', subtype = ''] = [component, component + 1].map((part) =>
    componentAt(segment, field, part, repetition).toLowerCase().replace(/^x-/, ''),
  );
  if (/^[a-z]+\/[a-z0-9.+-]+$/.test(written)) return written;
  if (written === 'pdf' || subtype === 'pdf') return 'application/pdf';
  const type = types[written];
  if (type === undefined || !/^[a-z0-9.+-]+$/.test(subtype)) return 'application/octet-stream';
  return `${type}/${subtype}`;
}

function titleOf(segment: Segment): { title?: string } {
  const title = componentAt(segment, 3, 2) || componentAt(segment, 3, 1);
  return title === '' ? {} : { title };
}
