import { LRUCache } from 'lru-cache';

import type { Queryable } from '../shared/db/client.ts';
import { useSession } from '../shared/db/sessions.ts';
import type { Caller } from '../shared/domain/caller.ts';
import { unauthenticated } from '../shared/identity/challenge.ts';
import type { TokenVerifier } from '../shared/identity/verify-token.ts';

/** A session that is revoked is refused by every process within a second: its word is taken for half of one. */
const BELIEVED_MS = 500;
const MOST_KEPT = 10_000;

/**
 * Takes a token that names a session only while that is live. A token that names none, as those of machines, is taken as it
 * is. Throws `unauthenticated` for a session that is over, `unavailable` while nobody can tell.
 * @param patients The patient context, over its own role or its reader's.
 */
export function withLiveSessions(verify: TokenVerifier, patients: Queryable): TokenVerifier {
  const live = new LRUCache<string, true>({ max: MOST_KEPT, ttl: BELIEVED_MS });
  return async (authorization) => {
    const caller = await verify(authorization);
    const key = caller.session && `${caller.session.toString('base64')} ${caller.subject}`;
    if (key === undefined || live.has(key)) return caller;
    // What it was when it was asked: the answer may have been long on its way.
    const start = performance.now();
    await mustBeLive(patients, caller);
    live.set(key, true, { start });
    return caller;
  };
}

async function mustBeLive(patients: Queryable, { session, subject, country }: Caller): Promise<void> {
  if (session === undefined) return;
  const state = await useSession(patients, { referenceHash: session, subject, country });
  if (state !== 'live') throw unauthenticated('session-over');
}
