import * as z from 'zod';

import type { OperationContract } from '../../schemas/api/contract.ts';
import { servedCountries } from '../../schemas/fields.ts';
import { AppError } from '../errors.ts';

/** A request as it arrived: nothing in it has been checked. */
export type RawInput = { readonly params: unknown; readonly query: unknown; readonly body: unknown };

/** A fault: where (a JSON Pointer, RFC 6901) and what. Neither repeats anything that was sent. */
export type InputFault = { readonly path: string; readonly message: string };

/**
 * Checks path, query and body and joins them to one object. Throws `invalid-input` with every fault at once, or
 * `not-found` for the path of a country that is not served.
 */
export type InputCheck = (raw: RawInput) => Readonly<Record<string, unknown>>;

type Part = keyof RawInput;

export function checkInputOf({ params, query, body }: OperationContract): InputCheck {
  const checkPath = checkPart('params', params);
  const checks = [checkPart('query', query), checkPart('body', body)];
  return (raw) => {
    const input: Record<string, unknown> = {};
    const faults: InputFault[] = [];
    checkPath(raw, input, faults);
    mustBeServed(input['country']);
    for (const check of checks) check(raw, input, faults);
    if (faults.length > 0) throw new AppError('invalid-input', 'See errors for what to mend.', { errors: faults });
    return input;
  };
}

function mustBeServed(country: unknown): void {
  if (typeof country !== 'string' || servedCountries.includes(country)) return;
  throw new AppError('not-found', 'There is nothing in this country.');
}

type PartCheck = (raw: RawInput, input: Record<string, unknown>, faults: InputFault[]) => void;

function checkPart(part: Part, schema: z.ZodObject | undefined): PartCheck {
  const strict = schema?.strict();
  return (raw, input, faults) => {
    const given = raw[part] === undefined ? {} : raw[part];
    if (!strict) {
      if (!isEmpty(given)) faults.push({ path: '', message: unknownMembers });
      return;
    }
    const checked = strict.safeParse(given);
    if (checked.success) Object.assign(input, checked.data);
    else faults.push(...faultsOf(strict, checked.error));
  };
}

function isEmpty(given: unknown): boolean {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) return false;
  for (const _ in given) return false;
  return true;
}

const unknownMembers = 'Has members that are not known here';
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
  return issue.code === 'unrecognized_keys' ? unknownMembers : issue.message;
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
