import { Pool } from 'pg';
import { pino } from 'pino';

import { subscriptionsOf } from '../../../functions/notifications/subscriptions.ts';
import { connectDatabase } from '../../../shared/db/client.ts';
import { defaultLadder } from '../../../shared/domain/reminder.ts';
import { AppError } from '../../../shared/errors.ts';
import { buildServer } from '../../../shared/runtime/server.ts';

/**
 * The function in a process of its own, to be killed. Its providers write what they take into the table `taken`, as
 * durable as a real provider's, and refuse every so-manieth message. Says its address when it is ready.
 */
async function main(urls: readonly string[], clock: string): Promise<void> {
  const [provider = '', ...contexts] = urls;
  const pool = new Pool({ connectionString: provider });
  const [db, patients, practitioners, laboratory] = contexts.map((url) =>
    connectDatabase(url, { applicationName: 'worker' }),
  );
  if (!db || !patients || !practitioners || !laboratory) throw new Error('give five URLs');
  const [start, base] = [performance.now(), Temporal.Instant.from(clock)];
  let asked = 0;
  const take = async ({ idempotencyKey }: { readonly idempotencyKey: string }) => {
    asked += 1;
    if (asked % 9 === 0) throw new AppError('unavailable', 'throttled');
    const { rows } = await pool.query('INSERT INTO taken (delivery_id) VALUES ($1) RETURNING seq', [idempotencyKey]);
    return { providerMessageId: `m-${rows[0].seq}` };
  };
  const subscriptions = subscriptionsOf({
    db,
    patients,
    practitioners,
    laboratory,
    sendEmail: take,
    sendSms: take,
    sendPush: take,
    emailFrom: 'no-reply@careflow.example',
    hearsProviders: true,
    now: () => base.add({ milliseconds: Math.round(performance.now() - start) }),
    ladder: defaultLadder,
  });
  const fn = { name: 'notifications', routes: [], subscriptions, dependencies: {}, close: async () => undefined };
  const app = buildServer(fn, { log: pino({ level: 'silent' }) });
  process.stdout.write(`${await app.listen({ host: '127.0.0.1', port: 0 })}\n`);
}

const [clock = '', ...urls] = process.argv.slice(2);
await main(urls, clock);
