import { and, desc, eq, isNull, sql } from 'drizzle-orm';

import type { Queryable } from './client.ts';
import { deleteBatch } from './delete-batch.ts';
import { challenges, type ProofRefusal, type ProofRow, proofs } from './schema/homekit.ts';

export type ChallengeRow = typeof challenges.$inferSelect;

/** Sends a device a nonce; those it has not answered are not waited for any more. */
export async function replaceChallenge(
  tx: Queryable,
  challenge: Omit<ChallengeRow, 'answeredAt'>,
  now: Temporal.Instant,
): Promise<void> {
  await endChallenges(tx, challenge.deviceId, now);
  await tx.insert(challenges).values({ ...challenge, answeredAt: null });
}

/** From now on no nonce that the device was sent is waited for. */
export async function endChallenges(tx: Queryable, deviceId: string, now: Temporal.Instant): Promise<void> {
  await tx
    .update(challenges)
    .set({ answeredAt: now })
    .where(and(eq(challenges.deviceId, deviceId), isNull(challenges.answeredAt)));
}

/** The nonce that a device has to answer. */
export async function findOpenChallenge(db: Queryable, deviceId: string): Promise<ChallengeRow | undefined> {
  const [challenge] = await db
    .select()
    .from(challenges)
    .where(and(eq(challenges.deviceId, deviceId), isNull(challenges.answeredAt)))
    .orderBy(desc(challenges.expiresAt))
    .limit(1);
  return challenge;
}

export async function findChallenge(
  db: Queryable,
  { deviceId, nonce }: Pick<ProofRow, 'deviceId' | 'nonce'>,
): Promise<ChallengeRow | undefined> {
  const [challenge] = await db
    .select()
    .from(challenges)
    .where(and(eq(challenges.nonce, nonce), eq(challenges.deviceId, deviceId)));
  return challenge;
}

export async function addProof(tx: Queryable, proof: ProofRow): Promise<void> {
  await tx.insert(proofs).values(proof);
}

/** Reads a proof and keeps it from others until the transaction ends. */
export async function lockProof(tx: Queryable, id: string): Promise<ProofRow | undefined> {
  const [proof] = await tx.select().from(proofs).where(eq(proofs.id, id)).for('update');
  return proof;
}

/** Records what a proof was found to be: it holds where nothing speaks against it. */
export async function closeProof(tx: Queryable, id: string, refusedBecause: ProofRefusal | null): Promise<void> {
  const status = refusedBecause === null ? 'accepted' : 'refused';
  await tx.update(proofs).set({ status, refusedBecause }).where(eq(proofs.id, id));
}

/** Why the last proof of a device did not hold; undefined where it did, or there was none. */
export async function findLastRefusal(db: Queryable, deviceId: string): Promise<ProofRefusal | undefined> {
  const [last] = await db
    .select({ refusedBecause: proofs.refusedBecause })
    .from(proofs)
    .where(eq(proofs.deviceId, deviceId))
    .orderBy(desc(proofs.receivedAt), desc(proofs.id))
    .limit(1);
  return last?.refusedBecause ?? undefined;
}

/**
 * Drops a batch of the nonces that expired before `before`, but those that a proof is there for which nobody has looked at.
 * Resolves to how many there were.
 */
export async function forgetChallenges(db: Queryable, before: Temporal.Instant): Promise<number> {
  const isAnswer = sql`${proofs.deviceId} = ${challenges.deviceId} AND ${proofs.nonce} = ${challenges.nonce}`;
  const waits = sql`EXISTS (SELECT FROM ${proofs} WHERE ${isAnswer} AND ${proofs.status} = 'received')`;
  return deleteBatch(db, challenges, sql`${challenges.expiresAt} < ${before.toString()} AND NOT ${waits}`);
}

/** Drops a batch of the proofs that came before `before`. Resolves to how many there were. */
export async function forgetProofs(db: Queryable, before: Temporal.Instant): Promise<number> {
  return deleteBatch(db, proofs, sql`${proofs.receivedAt} < ${before.toString()}`);
}
