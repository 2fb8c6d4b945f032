/**
 * How long a session lives: unused, and in all. NIST SP 800-63B-4, section 2.2.3, has authentication repeated after an hour
 * without activity and after 24 hours in any case at its assurance level 2.
 */
export const sessionLimits = { idleMinutes: 60, longestHours: 24 } as const;

/** What the session of a token is found to be when it is used. */
export type SessionState = 'live' | 'revoked' | 'expired' | 'account-closing';
