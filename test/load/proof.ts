import { openEventLog } from '../../shared/events/open-event-log.ts';
import { connectDatabase } from '../../shared/db/client.ts';
import { checkAvailability } from './availability-proof.ts';
import { checkBookings } from './booking-proof.ts';
import type { Check } from './check.ts';
import { checkDeadLetters, checkEvents, readEvents } from './event-proof.ts';
import { checkMessages } from './message-proof.ts';
import { environmentOf, type ProofOptions, type ProofSource } from './proof-source.ts';
import { untilQuiet } from './quiet.ts';

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
