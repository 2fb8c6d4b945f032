import { z } from 'zod';

import type { OperationContract } from '../../schemas/api/contract.ts';
import { AppError } from '../errors.ts';

/** A request as it arrived: nothing in it has been checked. */
export type RawInput = { readonly params: unknown; readonly query: unknown; readonly body: unknown };

/** A fault: where (a JSON Pointer, RFC 6901) and what. Neither repeats anything that was sent. */
export type InputFault = { readonly path: string; readonly message: string };

/** Checks path, query and body and joins them to one object. Throws `invalid-input` with every fault at once. */
export type InputCheck = (raw: RawInput) => Readonly<Record<string, unknown>>;

const nothing = z.strictObject({});
type Part = { readonly schema: z.ZodObject; readonly pick: (raw: RawInput) => unknown };

export function checkInputOf(contract: OperationContract): InputCheck {
  const parts: readonly Part[] = [
    { schema: contract.params.strict(), pick: (raw) => raw.params },
    { schema: (contract.query ?? nothing).strict(), pick: (raw) => raw.query },
    { schema: (contract.body ?? nothing).strict(), pick: (raw) => raw.body ?? {} },
  ];
  return (raw) => {
    const input: Record<string, unknown> = {};
    const faults: InputFault[] = [];
    for (const { schema, pick } of parts) {
      const part = pick(raw);
      const parsed = schema.safeParse(part);
      if (!parsed.success) faults.push(...faultsOf(schema, parsed.error));
      else if (holdsNul(part)) faults.push({ path: '', message: 'Text must not contain the character U+0000' });
      else Object.assign(input, parsed.data);
    }
    if (faults.length > 0) throw new AppError('invalid-input', 'See errors for what to mend.', { errors: faults });
    return input;
  };
}

/** PostgreSQL cannot store U+0000, and nobody means to send it. */
function holdsNul(value: unknown): boolean {
  if (typeof value === 'string') return value.includes('\0');
  if (typeof value !== 'object' || value === null) return false;
  for (const member of Object.values(value)) if (holdsNul(member)) return true;
  return false;
}

const mostFaults = 20;

export function faultsOf(schema: z.ZodType, { issues }: z.ZodError): InputFault[] {
  const known = memberNames(schema);
  return issues
    .slice(0, mostFaults)
    .map((issue) => ({ path: pointerOf(issue.path, known), message: messageOf(issue) }));
}

/** Names that are not the contract's own (the keys of a record) are what somebody sent: they become `*`. */
function pointerOf(path: readonly PropertyKey[], known: ReadonlySet<PropertyKey>): string {
  return path.map((step) => (typeof step === 'number' || known.has(step) ? `/${String(step)}` : '/*')).join('');
}

function messageOf(issue: z.core.$ZodIssue): string {
  // Zod names the unknown members; they were sent.
  return issue.code === 'unrecognized_keys' ? 'Has members that are not known here' : issue.message;
}

const memberNamesBySchema = new WeakMap<z.ZodType, ReadonlySet<string>>();

function memberNames(schema: z.ZodType): ReadonlySet<string> {
  const found = memberNamesBySchema.get(schema);
  if (found) return found;
  const names = new Set<string>();
  collectNames(z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }), names);
  memberNamesBySchema.set(schema, names);
  return names;
}

function collectNames(node: unknown, names: Set<string>): void {
  if (typeof node !== 'object' || node === null) return;
  for (const [key, value] of Object.entries(node)) {
    if (key === 'properties') for (const name of Object.keys(value)) names.add(name);
    collectNames(value, names);
  }
}
