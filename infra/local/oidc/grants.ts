import { randomBytes } from 'node:crypto';

import { z } from 'zod';
import type { Provider, TokenEndpointGrantContext } from 'oidc-provider';
import { InvalidGrant, InvalidRequest } from 'oidc-provider/lib/helpers/errors.js';

import { isMachine, type Role, roles } from '../../../shared/domain/caller.ts';
import { Country } from '../../../schemas/fields.ts';
import type { Identity } from './sample-access.ts';
import {
  audience,
  officeClients,
  sampleGrantType,
  samplePassword,
  scopesByRole,
  tokenSeconds,
} from './sample-access.ts';

/** Finds a sample user by user name, which is the id of their record. */
export type FindUser = (userName: string) => Promise<Identity | undefined>;

type Grant<Parameters> = (parameters: Parameters, clientId: string) => Promise<Identity>;

const PasswordGrant = z.object({ username: z.string().min(1).max(200), password: z.string() });

const SampleGrant = z.object({
  subject: z.string().min(1).max(200),
  role: z.enum(roles),
  country: Country.optional(),
});

const everyScope = [...new Set(Object.values(scopesByRole).flat())].join(' ');

/** Adds the three ways to a token: a client for itself, a user by password, and whoever `npm run token` asks for. */
export function registerGrants(provider: Provider, findUser: FindUser): void {
  registerGrant(provider, 'client_credentials', z.object({}), async (_none, clientId) => {
    const identity = officeClients[clientId];
    if (identity === undefined) throw new InvalidGrant('this client does not act for itself');
    return identity;
  });
  registerGrant(provider, 'password', PasswordGrant, async ({ username, password }) => {
    const user = password === samplePassword ? await findUser(username) : undefined;
    if (user === undefined) throw new InvalidGrant('user name or password is wrong');
    return user;
  });
  registerGrant(provider, sampleGrantType, SampleGrant, async ({ subject, role, country }) => ({
    subject,
    role,
    country,
  }));
}

function registerGrant<Shape extends z.ZodObject>(
  provider: Provider,
  name: string,
  shape: Shape,
  grant: Grant<z.infer<Shape>>,
): void {
  const answer = async (context: TokenEndpointGrantContext) => {
    const { client, params } = context.oidc;
    const parameters = shape.safeParse(params);
    if (!parameters.success) throw new InvalidRequest(z.prettifyError(parameters.error));
    const identity = await grant(parameters.data, client.clientId);
    context.body = await issueToken(provider, context, identity, grantedScope(identity, params.scope));
  };
  provider.registerGrantType(name, answer, [...Object.keys(shape.shape), 'scope']);
}

/** What was asked for of what the role may have; all of that when nothing was asked for (RFC 6749, section 3.3). */
function grantedScope({ role }: Identity, asked: string | undefined): string {
  const allowed = scopesByRole[role];
  const wanted = asked?.split(' ');
  return allowed.filter((scope) => wanted === undefined || wanted.includes(scope)).join(' ');
}

async function issueToken(
  provider: Provider,
  { oidc }: TokenEndpointGrantContext,
  { subject, role, country }: Identity,
  scope: string,
) {
  const token = new provider.AccessToken({
    client: oidc.client,
    accountId: subject,
    grantId: subject,
    gty: oidc.params.grant_type,
    scope,
    extra: { roles: [role], country, ...sessionOf(role) },
    resourceServer: new provider.ResourceServer(`urn:${audience}`, {
      audience,
      scope: everyScope,
      accessTokenFormat: 'jwt',
      jwt: { sign: { alg: 'ES256' } },
    }),
  });
  oidc.entity('AccessToken', token);
  return { access_token: await token.save(), token_type: token.tokenType, expires_in: tokenSeconds, scope };
}

/** Every token of a person is a sign-in of its own. 256 random bits: nobody guesses another's session. */
function sessionOf(role: Role): { readonly sid?: string } {
  return isMachine([role]) ? {} : { sid: randomBytes(32).toString('base64url') };
}
