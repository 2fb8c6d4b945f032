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
};

/** Whose data something is. In a query either may be left open. */
export type Parties = { readonly patientId?: string | undefined; readonly practitionerId?: string | undefined };

export function hasRole(caller: Caller, ...wanted: readonly Role[]): boolean {
  return caller.roles.some((role) => wanted.includes(role));
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
 */
export function maySelect(caller: Caller, parties: Parties, proxiedPatientIds: readonly string[]): void {
  if (reaches(caller, parties, proxiedPatientIds)) return;
  throw new AppError('forbidden', 'You may act for yourself and for those who named you their proxy.');
}

/** Throws `not-found` for what is not the caller's: for what was looked up, since `forbidden` would say that it exists. */
export function mayReach(caller: Caller, parties: Parties, proxiedPatientIds: readonly string[]): void {
  if (!reaches(caller, parties, proxiedPatientIds)) throw new AppError('not-found', 'There is no such resource.');
}

function reaches(caller: Caller, { patientId, practitionerId }: Parties, proxied: readonly string[]): boolean {
  if (hasRole(caller, 'staff', 'system', 'admin')) return true;
  const asPatient = patientId !== undefined && (patientId === caller.subject || proxied.includes(patientId));
  return (
    (hasRole(caller, 'patient') && asPatient) || (hasRole(caller, 'practitioner') && practitionerId === caller.subject)
  );
}
