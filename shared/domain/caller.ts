import { AppError } from '../errors.ts';

export const roles = ['patient', 'practitioner', 'staff', 'system', 'admin'] as const;
export type Role = (typeof roles)[number];

/** Who asks, as their access token says. For a patient or practitioner `subject` is the id of their record. */
export type Caller = {
  readonly subject: string;
  readonly roles: readonly Role[];
  readonly scopes: readonly string[];
  /** ISO 3166-1 alpha-2, lower case. Where it is given, nothing of another country is reached. */
  readonly country: string | undefined;
  /** SHA-256 of the reference to the session that the token belongs to; absent where somebody needs none. */
  readonly session?: Buffer;
};

/** Whose data something is. In a query either may be left open. */
export type Parties = { readonly patientId?: string | undefined; readonly practitionerId?: string | undefined };

export function hasRole(caller: Caller, ...wanted: readonly Role[]): boolean {
  return caller.roles.some((role) => wanted.includes(role));
}

/** Whether somebody in these roles is a machine, which nobody signs in as: a system, and nothing besides. */
export function isMachine(held: readonly Role[]): boolean {
  return held.length > 0 && held.every((role) => role === 'system');
}

/** Whether nobody could sign the caller out: a person whose token names no session. */
export function lacksSession({ roles: held, session }: Caller): boolean {
  return session === undefined && !isMachine(held);
}

/** Throws `forbidden` unless the caller has one of the roles and the scope that an operation asks for. */
export function mayCall(caller: Caller, operation: { readonly roles: readonly Role[]; readonly scope: string }): void {
  if (!hasRole(caller, ...operation.roles)) throw new AppError('forbidden', 'Your role does not allow this.');
  if (!caller.scopes.includes(operation.scope)) {
    throw new AppError('forbidden', 'The access token lacks a scope.', { requiredScope: operation.scope });
  }
}

/**
 * Throws `forbidden` where the caller is bound to another country. Staff work for one country, so staff without a
 * country claim reach none.
 */
export function mayEnter(caller: Caller, country: string): void {
  const unbound = caller.country === undefined && caller.roles.length > 0 && !hasRole(caller, 'staff');
  if (unbound || caller.country === country) return;
  throw new AppError('forbidden', 'Your access is bound to another country.');
}

/**
 * Throws `forbidden` unless all that the ids select is the caller's: a patient's own and that of those they act for, a
 * practitioner's own, anything for an office. For what the caller names: it answers the same whether that exists or
 * not, so it goes before any look-up.
 * @returns the role in which it is theirs.
 */
export function maySelect(caller: Caller, parties: Parties, proxiedPatientIds: readonly string[]): Role {
  const role = roleTowards(caller, parties, proxiedPatientIds);
  if (role !== undefined) return role;
  throw new AppError('forbidden', 'You may act for yourself and for those who named you their proxy.');
}

/**
 * Throws `not-found` for what is not the caller's: for what was looked up, since `forbidden` would say that it exists.
 * @returns the role in which it is theirs.
 */
export function mayReach(caller: Caller, parties: Parties, proxiedPatientIds: readonly string[]): Role {
  const role = roleTowards(caller, parties, proxiedPatientIds);
  if (role !== undefined) return role;
  throw new AppError('not-found', 'There is no such resource.');
}

/** Roles that reach everything, as they weigh when a caller has several. */
const OFFICES: readonly Role[] = ['admin', 'system', 'staff'];

/**
 * In which of their roles the caller has to do with the parties, undefined for none: a practitioner is one in their own
 * calendar only, and may be a patient in another's.
 */
export function roleTowards(
  caller: Caller,
  { patientId, practitionerId }: Parties,
  proxiedPatientIds: readonly string[],
): Role | undefined {
  const office = OFFICES.find((role) => hasRole(caller, role));
  if (office !== undefined) return office;
  if (hasRole(caller, 'practitioner') && practitionerId === caller.subject) return 'practitioner';
  const asPatient = patientId !== undefined && (patientId === caller.subject || proxiedPatientIds.includes(patientId));
  return hasRole(caller, 'patient') && asPatient ? 'patient' : undefined;
}
