import { AppError } from '../errors.ts';

/**
 * The version that `If-Match` names (RFC 9110, section 13.1.1); undefined where any will do. Throws `invalid-input`
 * for a weak, malformed or foreign entity tag, and for a list: a resource has one version.
 */
export function parseIfMatch(header: string | undefined): number | undefined {
  if (header === undefined || header === '*') return undefined;
  const version = /^"([1-9]\d{0,14})"$/.exec(header)?.[1];
  if (version !== undefined) return Number(version);
  const message = 'If-Match takes the one ETag the resource was read with, as it was given';
  throw new AppError('invalid-input', message, { errors: [{ path: 'If-Match', message }] });
}

/** The entity tag of a body that carries its version. */
export function etagOf(body: unknown): string | undefined {
  const version = memberOf(body, 'version');
  return typeof version === 'number' ? `"${version}"` : undefined;
}

export function idOf(body: unknown): string | undefined {
  const id = memberOf(body, 'id');
  return typeof id === 'string' ? id : undefined;
}

function memberOf(body: unknown, member: string): unknown {
  return typeof body === 'object' && body !== null ? Reflect.get(body, member) : undefined;
}
