import type * as z from 'zod';

import { faultCodes, type LabFault } from '../domain/lab-fault.ts';
import { Bundle, type Read, type ReferenceElement, resources, type ResourceType } from './contract.ts';

/** A resource that was checked, and where it lies in the bundle. */
export type Found<Type extends ResourceType> = { readonly resource: Read<Type>; readonly at: string };

/** A bundle whose resources can be asked for by reference. Faults of what is read go to `faults`. */
export type OpenBundle = {
  readonly bundle: z.infer<typeof Bundle>;
  readonly faults: LabFault[];
  all<Type extends ResourceType>(type: Type): Found<Type>[];
  /** Undefined where nothing of that type lies there. */
  follow<Type extends ResourceType>(type: Type, reference: ReferenceElement | undefined): Found<Type> | undefined;
};

type Entry = { readonly type: string; readonly resource: unknown; readonly at: string };

/** Checks the frame of a bundle; each resource is checked when it is asked for. */
export function openBundle(document: unknown): OpenBundle | LabFault[] {
  const parsed = Bundle.safeParse(document);
  if (!parsed.success) return faultsOf(parsed.error, 'Bundle');
  const bundle = parsed.data;
  const { byName, entries } = indexEntries(bundle);
  const faults: LabFault[] = [];
  const checked = new Map<Entry, unknown>();

  function check<Type extends ResourceType>(type: Type, entry: Entry): Found<Type> | undefined {
    if (entry.type !== type) return undefined;
    const result: z.ZodSafeParseResult<unknown> = resources[type].safeParse(entry.resource);
    const isKnown = checked.has(entry);
    checked.set(entry, result.data);
    if (!result.success && !isKnown) faults.push(...faultsOf(result.error, entry.at));
    // The schema of the type has just said that it is one.
    return result.success ? { resource: result.data as Read<Type>, at: entry.at } : undefined;
  }

  return {
    bundle,
    faults,
    all: (type) => entries.flatMap((entry) => check(type, entry) ?? []),
    follow(type, reference) {
      const entry = byName.get(reference?.reference ?? '');
      return entry && check(type, entry);
    },
  };
}

/** By full URL and by `Type/id`, the two ways a reference within a bundle is written (FHIR R4, 2.36.4.1). */
function indexEntries({ entry: given = [] }: z.infer<typeof Bundle>) {
  const entries: Entry[] = [];
  const byName = new Map<string, Entry>();
  given.forEach(({ fullUrl, resource }, index) => {
    if (!resource) return;
    const { resourceType: type, id } = resource;
    const entry = { type, resource, at: `Bundle.entry[${index}].resource` };
    entries.push(entry);
    if (fullUrl !== undefined) byName.set(fullUrl, entry);
    if (id !== undefined) byName.set(`${type}/${id}`, entry);
  });
  return { entries, byName };
}

function faultsOf({ issues }: z.ZodError, at: string): LabFault[] {
  return issues.map((issue) => ({
    code: codeOf(issue),
    severity: 'error',
    expression: issue.path.reduce<string>(joinPath, at),
    text: textOf(issue),
  }));
}

function joinPath(path: string, part: PropertyKey): string {
  return typeof part === 'number' ? `${path}[${part}]` : `${path}.${String(part)}`;
}

function isMissing(issue: z.core.$ZodIssue): boolean {
  return issue.code === 'invalid_type' && issue.message.endsWith('received undefined');
}

function codeOf(issue: z.core.$ZodIssue): LabFault['code'] {
  if (isMissing(issue)) return faultCodes.requiredFieldMissing;
  if (issue.code === 'invalid_value') return faultCodes.tableValueNotFound;
  return issue.code === 'too_big' ? faultCodes.tooLong : faultCodes.dataType;
}

/** Without what was given. */
function textOf(issue: z.core.$ZodIssue): string {
  if (isMissing(issue)) return 'This is missing';
  if (issue.code === 'invalid_value') return `This is none of ${issue.values.join(', ')}`;
  if (issue.code === 'too_big') return 'This is too long';
  return issue.code === 'custom' || issue.code === 'invalid_format' ? issue.message : 'This is of another type';
}
