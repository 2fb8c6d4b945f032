import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

import type { AnyEvent } from '../../../schemas/events/contract.ts';
import type { Dice } from '../../../infra/seed/dice.ts';
import { releaseDueDeliveries } from '../../../shared/db/notices.ts';
import { until } from '../../support/until.ts';
import { requestOf } from '../event-request.ts';
import { type World } from './world.ts';

const WORKERS = 2;
const TRACE = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

export type Workers = Awaited<ReturnType<typeof openWorkers>>;

/** Processes of the function, to be killed, whose providers keep what they take in the table `taken`. */
export async function openWorkers(world: World, dice: Dice) {
  await world.rows(`CREATE TABLE public.taken (seq bigint GENERATED ALWAYS AS IDENTITY, delivery_id uuid NOT NULL)`);
  let workers: { readonly process: ChildProcess; readonly address: string }[] = [];

  async function startWorker(clock: Temporal.Instant) {
    const script = fileURLToPath(new URL('./worker.ts', import.meta.url));
    const args = [script, clock.toString(), ...world.urls];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    const [address] = await once(createInterface({ input: child.stdout }), 'line');
    return { process: child, address: String(address) };
  }

  /** Whether the event is dealt with. An answer that asks for a redelivery, or none at all, says no. */
  async function offer(event: AnyEvent): Promise<boolean> {
    const worker = workers[dice.below(WORKERS)];
    if (!worker) return false;
    const { url, headers, method, payload } = requestOf(event);
    const answer = await fetch(`${worker.address}${url}`, { method, headers, body: payload }).catch(() => undefined);
    return answer?.status === 204;
  }

  async function start(clock: Temporal.Instant): Promise<void> {
    workers = await Promise.all(Array.from({ length: WORKERS }, () => startWorker(clock)));
  }

  async function kill(): Promise<void> {
    const killed = workers.splice(0);
    await Promise.all(
      killed.map(async ({ process: child }) => {
        const gone = once(child, 'exit');
        child.kill('SIGKILL');
        await gone;
      }),
    );
  }

  /** So many at a time, each until it is dealt with. */
  async function deliverAll(events: readonly AnyEvent[], atOnce: number): Promise<void> {
    const waiting = [...events];
    const deliver = async () => {
      for (let event = waiting.shift(); event; event = waiting.shift()) {
        const next = event;
        await until(() => offer(next), { what: `event ${next.id} to be taken`, timeoutMs: 60_000 });
      }
    };
    await Promise.all(Array.from({ length: atOnce }, deliver));
  }

  return {
    start,
    kill,
    deliverAll,

    /** Releases what waited until then, and delivers it. */
    async sendWaiting(clock: Temporal.Instant, atOnce: number): Promise<void> {
      await kill();
      await start(clock);
      while ((await releaseDueDeliveries(world.db, clock, 100, TRACE)) > 0);
      await deliverAll(await world.takeEvents(), atOnce);
    },

    /** How many messages the providers took, repeated ones among them. */
    async taken(): Promise<number> {
      const [row] = await world.rows<{ count: number }>('SELECT count(*)::int AS count FROM public.taken');
      return row?.count ?? 0;
    },

    /** Deliveries whose message was taken more than once, or that were sent without one. */
    async wrong(): Promise<unknown[]> {
      return world.rows(
        `SELECT d.id, d.status, d.may_repeat, count(t.seq)::int AS messages
         FROM notification.deliveries d LEFT JOIN public.taken t ON t.delivery_id = d.id
         GROUP BY d.id HAVING count(t.seq) <> CASE d.status WHEN 'sent' THEN 1 ELSE 0 END`,
      );
    },
  };
}
