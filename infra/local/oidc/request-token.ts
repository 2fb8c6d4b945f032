import { z } from 'zod';

import { sampleGrantType, tokenClientId } from './sample-access.ts';

export type TokenRequest = {
  readonly subject: string;
  readonly role: string;
  readonly country?: string | undefined;
  /** Separated by spaces; every scope of the role unless given. */
  readonly scope?: string | undefined;
};

const Granted = z.object({ access_token: z.string() });
const Refused = z.object({ error_description: z.string() });

/** An access token from the local provider for any subject and role. Throws an Error that says why there is none. */
export async function requestToken(oidcUrl: string, { subject, role, country, scope }: TokenRequest): Promise<string> {
  const form = new URLSearchParams({ grant_type: sampleGrantType, client_id: tokenClientId, subject, role });
  if (country !== undefined) form.set('country', country);
  if (scope !== undefined) form.set('scope', scope);
  const response = await fetch(`${oidcUrl}/token`, { method: 'POST', body: form });
  const answer: unknown = await response.json();
  if (!response.ok) throw new Error(Refused.safeParse(answer).data?.error_description ?? `HTTP ${response.status}`);
  return Granted.parse(answer).access_token;
}
