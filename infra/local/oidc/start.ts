import { once } from 'node:events';
import type { RequestListener } from 'node:http';
import { createServer } from 'node:http';

import type { Provider } from 'oidc-provider';

import { portOf, stop } from '../http-server.ts';
import type { FindUser } from './grants.ts';
import { createProvider } from './provider.ts';
import { keepSigningKey } from './signing-key.ts';

export type OidcOptions = {
  /** Keeps the signing key. */
  readonly dir: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** As the tokens name it, such as the gateway's `http://localhost:8080/oidc`; the provider answers under its path. */
  readonly issuer: string;
  readonly findUser: FindUser;
};

export type RunningOidc = {
  /** The provider's own address, without the gateway. */
  readonly url: string;
  readonly jwksUrl: string;
  stop(): Promise<void>;
};

/** Starts the local OpenID provider on the loopback address. */
export async function startOidc({ dir, port, issuer, findUser }: OidcOptions): Promise<RunningOidc> {
  const provider = createProvider(issuer, await keepSigningKey(dir), findUser);
  const mount = new URL(issuer).pathname.replace(/\/$/, '');
  const server = createServer(mounted(mount, provider.callback()));
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${portOf(server)}${mount}`;
  return { url, jwksUrl: `${url}/jwks`, stop: () => stop(server) };
}

/** Hands on what is below the mount path, as the provider's router wants it, and refuses the rest. */
function mounted(mount: string, listener: ReturnType<Provider['callback']>): RequestListener {
  return (request, response) => {
    const { url = '/' } = request;
    if (!url.startsWith(`${mount}/`)) {
      response.writeHead(404).end();
      return;
    }
    void listener(Object.assign(request, { originalUrl: url, url: url.slice(mount.length) }), response);
  };
}
