import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { z } from 'zod';

import type { TokenRequest } from './oidc/request-token.ts';
import { requestToken } from './oidc/request-token.ts';

const usage = `Prints an access token of the running local platform.

  npm run --silent token -- --role patient --subject <id> --country fr [--scope "bookings:read bookings:write"]

  --role      patient, practitioner, staff, system or admin
  --subject   the id of the patient or practitioner; for the other roles any name (the role unless given)
  --country   binds the token to a country; staff need one
  --scope     instead of every scope of the role
  --platform  the file with the platform's addresses, .careflow/run/platform.json unless given
`;

const Platform = z.object({ oidc: z.url() });
const platformFile = fileURLToPath(new URL('../../.careflow/run/platform.json', import.meta.url));
const notRunning = 'The local platform is not running. Start it with `npm start`, then ask again.';

try {
  const { request, platform } = readArguments(process.argv.slice(2));
  const { oidc } = await readPlatform(platform);
  console.log(await requestToken(oidc, request));
} catch (error) {
  process.exitCode = 1;
  console.error(explain(error));
}

function readArguments(args: string[]): { request: TokenRequest; platform: string } {
  const text = { type: 'string' } as const;
  const options = { role: text, subject: text, country: text, scope: text, platform: text };
  const { role, subject, country, scope, platform = platformFile } = parseArgs({ args, options }).values;
  if (role === undefined) throw new TypeError('--role is missing.');
  const named = subject ?? (role === 'patient' || role === 'practitioner' ? undefined : role);
  if (named === undefined) throw new TypeError('--subject is missing.');
  return { request: { role, subject: named, country, scope }, platform };
}

async function readPlatform(file: string): Promise<z.infer<typeof Platform>> {
  const text = await readFile(file, 'utf8').catch(() => undefined);
  if (text === undefined) throw new Error(notRunning);
  return Platform.parse(JSON.parse(text));
}

/** A TypeError is what parseArgs throws too; fetch throws one where nobody listens. */
function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.message === 'fetch failed') return notRunning;
  return error instanceof TypeError ? `${error.message}\n\n${usage}` : error.message;
}
