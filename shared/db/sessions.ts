import { and, asc, eq, gt, isNull, ne, or, sql } from 'drizzle-orm';

import { sessionLimits, type SessionState } from '../domain/session.ts';
import type { Queryable } from './client.ts';
import { deleteBatch } from './delete-batch.ts';
import { gather } from './gather.ts';
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
  'use_sessions',
  sql`SELECT patient.use_session(reference, subject, country, ${IDLE}, ${LONGEST}) AS state
    FROM unnest(${sql.placeholder('references')}::bytea[], ${sql.placeholder('subjects')}::text[],
      ${sql.placeholder('countries')}::text[]) WITH ORDINALITY AS used (reference, subject, country, place)
    ORDER BY place`,
);

/** One that has to wait, as for a process that begins the same session, does not hold up all others. */
const AT_ONCE = { most: 64, atOnce: 2 };

/** Uses sessions, whose first use begins them; `db` is the patient context over its own role or its reader's. */
export function sessionUser(db: Queryable): (session: SessionUse) => Promise<SessionState> {
  return gather((used) => useSessions(db, used), AT_ONCE);
}

/** In one order, whoever uses them: two that begin the same sessions at once do not wait in a circle. */
async function useSessions(db: Queryable, asked: readonly SessionUse[]): Promise<SessionState[]> {
  const used = asked.toSorted((one, other) => Buffer.compare(one.referenceHash, other.referenceHash));
  const { rows } = await use(db, {
    references: used.map(({ referenceHash }) => referenceHash),
    subjects: used.map(({ subject }) => asKept(subject)),
    countries: used.map(({ country = null }) => country),
  });
  const states = new Map(used.map((session, place) => [session, rows[place]?.state ?? 'revoked']));
  return asked.map((session) => states.get(session) ?? 'revoked');
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
