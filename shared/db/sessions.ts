import { and, asc, eq, gt, isNull, ne, or, sql } from 'drizzle-orm';

import { sessionLimits, type SessionState } from '../domain/session.ts';
import type { Queryable } from './client.ts';
import { deleteBatch } from './delete-batch.ts';
import { sessions, type SessionRow } from './schema/account.ts';
import { statement } from './statement.ts';

export type SessionUse = {
  /** SHA-256 of the reference that the session's tokens carry. */
  readonly referenceHash: Buffer;
  readonly subject: string;
  readonly country: string | undefined;
};

const IDLE = sql.raw(`interval '${sessionLimits.idleMinutes} minutes'`);
const LONGEST = sql.raw(`interval '${sessionLimits.longestHours} hours'`);

const use = statement<{ state: SessionState }>(
  'use_session',
  sql`SELECT patient.use_session(${sql.placeholder('referenceHash')}, ${sql.placeholder('subject')},
    ${sql.placeholder('country')}, ${IDLE}, ${LONGEST}) AS state`,
);

/** Uses a session, whose first use begins it; `db` is the patient context over its own role or its reader's. */
export async function useSession(db: Queryable, session: SessionUse): Promise<SessionState> {
  const { referenceHash, subject, country = null } = session;
  const { rows } = await use(db, { referenceHash, subject: asKept(subject), country });
  return rows[0]?.state ?? 'revoked';
}

/** Whose sessions, and in which country; those that are bound to none are in every one. */
type SignedIn = { readonly subject: string; readonly country: string };

/** The sessions of a subject that can be used, the oldest first. */
export async function listSessions(db: Queryable, { subject, country }: SignedIn): Promise<SessionRow[]> {
  return db
    .select()
    .from(sessions)
    .where(and(isSubjects(subject), isOf(country), isLive()))
    .orderBy(asc(sessions.startedAt), asc(sessions.id));
}

/** @returns whether there was such a session of the subject, over or not. */
export async function revokeSession(db: Queryable, { subject, country }: SignedIn, id: string): Promise<boolean> {
  const ofSubject = and(isSubjects(subject), isOf(country), eq(sessions.id, id));
  await db
    .update(sessions)
    .set(revoked)
    .where(and(ofSubject, isNull(sessions.revokedAt)));
  return (await db.$count(sessions, ofSubject)) === 1;
}

/** Revokes all sessions of a subject but the one with the reference. @returns how many were live. */
export async function revokeSessions(db: Queryable, subject: string, kept?: Buffer): Promise<number> {
  const others = kept === undefined ? undefined : ne(sessions.referenceHash, kept);
  const { rowCount } = await db
    .update(sessions)
    .set(revoked)
    .where(and(isSubjects(subject), others, isLive()));
  return rowCount ?? 0;
}

/** Drops a batch of the sessions that could not be used any more from `before` on. */
export async function forgetSessions(db: Queryable, before: Temporal.Instant): Promise<number> {
  return deleteBatch(db, sessions, sql`${sessions.expiresAt} < ${before.toString()}`);
}

const revoked = { revokedAt: sql`clock_timestamp()` };

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** A UUID may be written in capitals (RFC 9562, section 4); other subjects are as their provider spells them. */
function asKept(subject: string): string {
  return UUID.test(subject) ? subject.toLowerCase() : subject;
}

function isSubjects(subject: string) {
  return eq(sessions.subject, asKept(subject));
}

function isOf(country: string) {
  return or(isNull(sessions.country), eq(sessions.country, country));
}

function isLive() {
  return and(
    isNull(sessions.revokedAt),
    gt(sessions.expiresAt, sql`clock_timestamp()`),
    gt(sessions.lastUsedAt, sql`clock_timestamp() - ${IDLE}`),
  );
}
