import { hash } from 'node:crypto';

import type { JWTPayload } from 'jose';

import type { Caller, Role } from '../domain/caller.ts';
import { roles } from '../domain/caller.ts';

/**
 * Reads a verified token's claims; undefined where they name no subject, one that cannot be kept, a country that is none or a session that could be
 * guessed. `sid` is the session's reference (OpenID Connect Front-Channel Logout 1.0, section 3).
 */
export function callerOf({ sub, roles: claimed, scope, country, sid }: JWTPayload): Caller | undefined {
  if (sub === undefined || !isSubject(sub)) return undefined;
  if (country !== undefined && !isCountry(country)) return undefined;
  if (sid !== undefined && !isReference(sid)) return undefined;
  return {
    ...(sid !== undefined && { session: hash('sha256', sid, 'buffer') }),
    subject: sub,
    roles: Array.isArray(claimed) ? claimed.filter(isRole) : [],
    scopes: typeof scope === 'string' ? scope.split(' ').filter(Boolean) : [],
    country,
  };
}

/** At most 255 characters (OpenID Connect Core 1.0, section 2); PostgreSQL keeps no text with a NUL in it. */
function isSubject(value: string): boolean {
  return value !== '' && value.length <= 255 && !value.includes('\0');
}

function isCountry(value: unknown): value is string {
  return typeof value === 'string' && /^[a-z]{2}$/.test(value);
}

/** 22 characters of base64url hold 128 bits. */
function isReference(value: unknown): value is string {
  return typeof value === 'string' && /^[\w-]{22,200}$/.test(value);
}

function isRole(value: unknown): value is Role {
  return roles.some((role) => role === value);
}
