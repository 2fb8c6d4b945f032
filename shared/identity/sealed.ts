import { randomBytes } from 'node:crypto';

import { CompactEncrypt, compactDecrypt, errors } from 'jose';

import { AppError } from '../errors.ts';

/** 256 bits, as A256GCM takes them. */
export type SecretKey = Uint8Array;

const keyBytes = 32;

export function newSubjectKey(): SecretKey {
  return randomBytes(keyBytes);
}

/** A subject's key as it may be kept: encrypted with a secret that is kept elsewhere, and bound to the subject. */
export async function wrapSubjectKey(secret: SecretKey, subject: string, key: SecretKey): Promise<string> {
  return encrypt(secret, subject, key);
}

/** Throws `unavailable` where the secret is not the one that wrapped it: with the right one it can be had. */
export async function unwrapSubjectKey(secret: SecretKey, subject: string, wrapped: string): Promise<SecretKey> {
  const key = await decrypt(secret, subject, wrapped);
  if (key !== undefined) return key;
  const cause = new Error('SUBJECT_KEYS_SECRET is not the secret that this subject key was wrapped with');
  throw new AppError('unavailable', 'What is sealed cannot be opened at the moment.', {}, { cause });
}

/** Any JSON value as text that only the subject's key opens: a compact JWE (RFC 7516), `dir` with A256GCM. */
export async function seal(key: SecretKey, subject: string, content: unknown): Promise<string> {
  return encrypt(key, subject, Buffer.from(JSON.stringify(content)));
}

/** What `seal` was given. Throws `unprocessable` for text that was not sealed for the subject with this key, or was changed. */
export async function open(key: SecretKey, subject: string, sealed: string): Promise<unknown> {
  const content = await decrypt(key, subject, sealed);
  if (content === undefined) throw new AppError('unprocessable', 'What was sealed cannot be opened.');
  return JSON.parse(Buffer.from(content).toString());
}

/** The header is authenticated with the content: the key id says for whom it is. */
function encrypt(key: SecretKey, subject: string, content: Uint8Array): Promise<string> {
  return new CompactEncrypt(content)
    .setProtectedHeader({ alg: 'dir', enc: 'A256GCM', kid: subject.toLowerCase() })
    .encrypt(key);
}

async function decrypt(key: SecretKey, subject: string, sealed: string): Promise<Uint8Array | undefined> {
  try {
    const options = { keyManagementAlgorithms: ['dir'], contentEncryptionAlgorithms: ['A256GCM'] };
    const { plaintext, protectedHeader } = await compactDecrypt(sealed, key, options);
    return protectedHeader.kid === subject.toLowerCase() ? plaintext : undefined;
  } catch (error) {
    if (error instanceof errors.JOSEError) return undefined;
    throw error;
  }
}
