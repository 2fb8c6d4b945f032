import { Hl7Message, type Hl7Segment } from '@medplum/core';
import { z } from 'zod';

/** What was said of one message. */
export type Told = {
  /** HL7 table 0008; `AA` and `AE` of a FHIR bundle too, which is accepted or refused as well. */
  readonly code: string;
  /** The message's own number; empty where the answer does not name it. */
  readonly controlId: string;
  /** Each fault with its place, ready to be read. */
  readonly faults: readonly string[];
};

const Issue = z.object({
  severity: z.string(),
  diagnostics: z.string().default(''),
  expression: z.array(z.string()).default([]),
});
const OperationOutcome = z.object({ resourceType: z.literal('OperationOutcome'), issue: z.array(Issue) });
const Problem = z.object({ title: z.string(), detail: z.string().optional() });

/** Reads acknowledgments; a sender who asks for none gets none. */
export function readAcknowledgments(text: string): Told[] {
  return text
    .split(/(?=^MSH)/m)
    .filter((each) => each.startsWith('MSH'))
    .map((each) => {
      const message = Hl7Message.parse(each.trimEnd());
      const msa = message.getSegment('MSA');
      return {
        code: msa?.getComponent(1, 1) ?? '',
        controlId: msa?.getComponent(2, 1) ?? '',
        faults: message.getAllSegments('ERR').flatMap(faultsIn),
      };
    });
}

/** Reads what was said of a bundle. */
export function readOutcome(status: number, text: string): Told {
  const { data } = OperationOutcome.safeParse(parseOrNothing(text));
  const faults = (data?.issue ?? []).filter(({ severity }) => severity !== 'information');
  return {
    code: status < 300 ? 'AA' : 'AE',
    controlId: '',
    faults: faults.map(({ expression, diagnostics }) => `${expression.join(', ') || 'Bundle'}: ${diagnostics}`),
  };
}

/** What a problem document says, or the status where there is none. */
export function readProblem(status: number, text: string): string {
  const { data } = Problem.safeParse(parseOrNothing(text));
  return data ? `${status} ${data.detail ?? data.title}` : `HTTP ${status}`;
}

export function isOutcome(text: string): boolean {
  return OperationOutcome.safeParse(parseOrNothing(text)).success;
}

/** ERR-2 and ERR-3 since 2.5; before, ERR-1 holds both and repeats. */
function faultsIn(err: Hl7Segment): string[] {
  const location = err.getField(2)?.components[0];
  if (location?.[0]) return [`${placeOf(location)}: ${err.getComponent(3, 1)} ${err.getComponent(8, 1)}`];
  return (err.getField(1)?.components ?? []).map((parts) => {
    const [code = '', meaning = ''] = (parts[3] ?? '').split('&');
    return `${placeOf(parts.slice(0, 3))}: ${code} ${meaning}`;
  });
}

/** `OBX 2, field 5, component 3`. */
function placeOf([segment = '', occurrence = '', field = '', , component = '']: readonly string[]): string {
  const parts = [`${segment} ${occurrence}`];
  if (field !== '') parts.push(`field ${field}`);
  if (component !== '') parts.push(`component ${component}`);
  return parts.join(', ');
}

function parseOrNothing(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
