import type { JWK } from 'jose';
import type { Adapter, ClientMetadata } from 'oidc-provider';
// Its index says that it does not know this Node, whichever that is, unless it is in long-term support.
import { Provider } from 'oidc-provider/lib/provider.js';

import type { FindUser } from './grants.ts';
import { registerGrants } from './grants.ts';
import {
  appClientId,
  officeClients,
  sampleGrantType,
  samplePassword,
  tokenClientId,
  tokenSeconds,
} from './sample-access.ts';

/** An OpenID provider that issues signed access tokens for sample clients and users, and keeps nothing. */
export function createProvider(issuer: string, key: JWK, findUser: FindUser): Provider {
  const provider = new Provider(issuer, {
    adapter: () => keepsNothing,
    clients: [
      publicClient(appClientId, 'password'),
      publicClient(tokenClientId, sampleGrantType),
      ...Object.keys(officeClients).map(officeClient),
    ],
    jwks: { keys: [key] },
    clientBasedCORS: () => true,
    extraTokenClaims: (_context, token) => token.extra,
    ttl: { AccessToken: tokenSeconds },
    features: { devInteractions: { enabled: false }, userinfo: { enabled: false } },
  });
  registerGrants(provider, findUser);
  provider.proxy = true;
  return provider;
}

function publicClient(id: string, grantType: string): ClientMetadata {
  return { ...client(id, grantType), token_endpoint_auth_method: 'none' };
}

function officeClient(id: string): ClientMetadata {
  return { ...client(id, 'client_credentials'), client_secret: samplePassword };
}

function client(id: string, grantType: string): ClientMetadata {
  return {
    client_id: id,
    grant_types: [grantType],
    redirect_uris: [],
    response_types: [],
    id_token_signed_response_alg: 'ES256',
  };
}

/** Signed tokens need no store. */
const keepsNothing: Adapter = {
  upsert: () => Promise.resolve(),
  find: () => Promise.resolve(undefined),
  findByUserCode: () => Promise.resolve(undefined),
  findByUid: () => Promise.resolve(undefined),
  consume: () => Promise.resolve(),
  destroy: () => Promise.resolve(),
  revokeByGrantId: () => Promise.resolve(),
};
