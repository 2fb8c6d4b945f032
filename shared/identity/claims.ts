import type { JWTPayload } from 'jose';

import type { Caller, Role } from '../domain/caller.ts';
import { roles } from '../domain/caller.ts';

/** Reads a verified token's claims; undefined where they name no subject or a country that is none. */
export function callerOf({ sub, roles: claimed, scope, country }: JWTPayload): Caller | undefined {
  if (sub === undefined || sub === '') return undefined;
  if (country !== undefined && !isCountry(country)) return undefined;
  return {
    subject: sub,
    roles: Array.isArray(claimed) ? claimed.filter(isRole) : [],
    scopes: typeof scope === 'string' ? scope.split(' ').filter(Boolean) : [],
    country,
  };
}

function isCountry(value: unknown): value is string {
  return typeof value === 'string' && /^[a-z]{2}$/.test(value);
}

function isRole(value: unknown): value is Role {
  return roles.some((role) => role === value);
}
