import type { Platform } from '../../infra/local/platform-file.ts';
import type { Database } from '../../shared/db/client.ts';
import type { EventLog } from '../../shared/events/event-log.ts';
import type { Client } from './client.ts';
import type { Ledger } from './ledger.ts';

/** What a run did, and where to look for what came of it. */
export type ProofOptions = {
  readonly platform: Platform;
  readonly client: Client;
  readonly ledger: Ledger;
  /** The subject of the run's token: nobody else has acted under it. */
  readonly subject: string;
  readonly startedAt: Temporal.Instant;
  readonly onProgress?: (what: string) => void;
};

export type ProofSource = ProofOptions & { readonly db: Database; readonly eventLog: EventLog };

/** Throws where the platform does not tell it. */
export function environmentOf({ environment }: Platform, name: string): string {
  const value = environment[name];
  if (value === undefined) throw new Error(`the platform does not tell its ${name}`);
  return value;
}
