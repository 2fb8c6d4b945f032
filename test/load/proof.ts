import { openEventLog } from '../../shared/events/open-event-log.ts';
import type { Platform } from '../../infra/local/platform-file.ts';
import { connectDatabase, type Database } from '../../shared/db/client.ts';
import type { EventLog } from '../../shared/events/event-log.ts';
import { checkAvailability } from './availability-proof.ts';
import { checkBookings } from './booking-proof.ts';
import type { Check } from './check.ts';
import type { Client } from './client.ts';
import { checkDeadLetters, checkEvents, readEvents } from './event-proof.ts';
import type { Ledger } from './ledger.ts';
import { checkMessages } from './message-proof.ts';
import { untilQuiet } from './quiet.ts';

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

/** Waits until everything is quiet, then holds what was answered against every place it has to be in. */
export async function prove(options: ProofOptions): Promise<Check[]> {
  const db = connectDatabase(environmentOf(options.platform, 'DATABASE_URL'), {
    applicationName: 'careflow-proof',
    statementTimeoutMs: 60_000,
  });
  const eventLog = openEventLog(environmentOf(options.platform, 'EVENT_LOG_URL'), { clientId: 'careflow-proof' });
  try {
    return await checkEverything({ ...options, db, eventLog });
  } finally {
    await Promise.all([db.$client.end(), eventLog.close()]);
  }
}

async function checkEverything(source: ProofSource): Promise<Check[]> {
  await untilQuiet(source);
  const { ledger } = source;
  const events = await readEvents(source);
  return [
    {
      what: 'bookings were answered, and so was each of their changes',
      examined: ledger.bookings.size,
      differences: ledger.unanswered,
    },
    ...(await checkBookings(source)),
    checkEvents(source, events),
    await checkDeadLetters(source),
    ...(await checkMessages(source, events)),
    ...(await checkAvailability(source)),
  ];
}

/** Throws where the platform does not tell it. */
export function environmentOf({ environment }: Platform, name: string): string {
  const value = environment[name];
  if (value === undefined) throw new Error(`the platform does not tell its ${name}`);
  return value;
}
