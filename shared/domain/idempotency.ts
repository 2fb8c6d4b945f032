/** A POST that carries an `Idempotency-Key`: what identifies it and what it asked for. */
export type IdempotencyClaim = {
  readonly subject: string;
  readonly operation: string;
  readonly key: string;
  /** SHA-256 of the checked input. */
  readonly fingerprint: Buffer;
};

/** What an earlier request under the same key was answered. */
export type SavedAnswer = { readonly fingerprint: Buffer; readonly status: number; readonly body: unknown };
