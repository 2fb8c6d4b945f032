import { LRUCache } from 'lru-cache';

import type { Queryable } from '../shared/db/client.ts';
import { type SessionUse, sessionUser } from '../shared/db/sessions.ts';
import type { SessionState } from '../shared/domain/session.ts';
import { AppError } from '../shared/errors.ts';
import { unauthenticated } from '../shared/identity/challenge.ts';
import type { TokenVerifier } from '../shared/identity/verify-token.ts';

/** A session that is revoked is refused by every process within a second: its word is taken for half of one. */
const BELIEVED_MS = 500;
const MOST_KEPT = 10_000;

/**
 * Takes a token that names a session only while that is live. A token that names none, which only those of machines may, is
 * taken as it is. Throws `unauthenticated` for a session that is over, `unavailable` while nobody can tell, as for one of an
 * account that is just being closed.
 * @param patients The patient context, over its own role or its reader's.
 */
export function withLiveSessions(verify: TokenVerifier, patients: Queryable): TokenVerifier {
  // Kept from when it is asked for: an answer may be long on its way, and whoever comes meanwhile waits for the same one.
  const answers = new LRUCache<string, Promise<SessionState>>({ max: MOST_KEPT, ttl: BELIEVED_MS });
  const use = sessionUser(patients);
  const ask = (key: string, session: SessionUse) => {
    const answer = use(session);
    answers.set(key, answer);
    const forget = () => answers.delete(key);
    answer.then((state) => state === 'account-closing' && forget(), forget);
    return answer;
  };
  return async (authorization) => {
    const caller = await verify(authorization);
    const { session, subject, country } = caller;
    if (session === undefined) return caller;
    const key = `${session.toString('base64')} ${subject}`;
    const state = await (answers.get(key) ?? ask(key, { referenceHash: session, subject, country }));
    if (state === 'account-closing') throw new AppError('unavailable', 'The account is being closed.');
    if (state !== 'live') throw unauthenticated('session-over');
    return caller;
  };
}
