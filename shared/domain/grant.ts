/** Whose a device is, who uses it, and who may for a while. */
export type DeviceRole = 'owner' | 'user' | 'guest';

const deviceScopes = ['device:read', 'device:control', 'measurements:read'] as const;
export type DeviceScope = (typeof deviceScopes)[number];

/** The most that each may be granted. */
const widest: Record<DeviceRole, readonly DeviceScope[]> = {
  owner: deviceScopes,
  user: deviceScopes,
  guest: ['device:read', 'device:control'],
};

/** A guest is one for a time. */
const LONGEST_GUEST_DAYS = 30;

/** How many grants on a device may be in force or asked for at once. */
export const MOST_OPEN_GRANTS = 50;

export type GrantRequest = {
  readonly granteeId: string;
  readonly role: DeviceRole;
  readonly scopes: readonly DeviceScope[];
  readonly expiresAt: Temporal.Instant | null;
};

export type Grant = GrantRequest & { readonly isActive: boolean };

export type GrantRefusal = 'own-device' | 'scope-too-wide' | 'guest-without-end' | 'too-long' | 'already-over';

/** What a role is given where nothing is said. */
export function defaultScopes(role: DeviceRole): readonly DeviceScope[] {
  return widest[role];
}

/** Everything that speaks against a grant on a device of this owner. */
export function againstGrant(
  { granteeId, role, scopes, expiresAt }: GrantRequest,
  ownerId: string,
  now: Temporal.Instant,
): GrantRefusal[] {
  const reasons: GrantRefusal[] = [];
  if (granteeId === ownerId) reasons.push('own-device');
  if (scopes.some((scope) => !widest[role].includes(scope))) reasons.push('scope-too-wide');
  if (role === 'guest' && expiresAt === null) reasons.push('guest-without-end');
  if (role === 'guest' && isAfter(expiresAt, now.add({ hours: LONGEST_GUEST_DAYS * 24 }))) reasons.push('too-long');
  if (expiresAt !== null && !isAfter(expiresAt, now)) reasons.push('already-over');
  return reasons;
}

/** Whether a grant allows something at `now`. */
export function allows(grant: Grant, scope: DeviceScope, now: Temporal.Instant): boolean {
  const lasts = grant.expiresAt === null || isAfter(grant.expiresAt, now);
  return grant.isActive && lasts && grant.scopes.includes(scope);
}

function isAfter(one: Temporal.Instant | null, other: Temporal.Instant): boolean {
  return one !== null && Temporal.Instant.compare(one, other) > 0;
}
