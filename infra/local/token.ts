import { parseArgs } from 'node:util';

import { explain } from '../explain.ts';
import type { TokenRequest } from './oidc/request-token.ts';
import { requestToken } from './oidc/request-token.ts';
import { readPlatform } from './platform-file.ts';

const usage = `Prints an access token of the running local platform.

  npm run --silent token -- --role patient --subject <id> --country fr [--scope "bookings:read bookings:write"]

  --role      patient, practitioner, staff, system or admin
  --subject   the id of the patient or practitioner; for the other roles any name (the role unless given)
  --country   binds the token to a country; staff need one
  --scope     instead of every scope of the role
`;

try {
  const request = readRequest(process.argv.slice(2));
  const { oidc } = await readPlatform();
  console.log(await requestToken(oidc, request));
} catch (error) {
  process.exitCode = 1;
  console.error(reasonFor(error));
}

function readRequest(args: string[]): TokenRequest {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({ args, options: { role: text, subject: text, country: text, scope: text } });
  const { role, subject, country, scope } = values;
  if (role === undefined) throw new TypeError('--role is missing.');
  const named = subject ?? (role === 'patient' || role === 'practitioner' ? undefined : role);
  if (named === undefined) throw new TypeError('--subject is missing.');
  return { role, subject: named, country, scope };
}

function reasonFor(error: unknown): string {
  const isUnanswered = error instanceof Error && error.message === 'fetch failed';
  return isUnanswered ? 'The token endpoint does not answer. Is `npm start` still running?' : explain(error, usage);
}
