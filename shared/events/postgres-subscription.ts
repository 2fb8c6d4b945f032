import { randomUUID } from 'node:crypto';

import type { Logger } from 'pino';

import type { Subscriber, Subscription } from './event-log.ts';
import { keepSubscribed, pause } from './keep-subscribed.ts';
import { createPostgresFeeds, type PostgresFeeds } from './postgres-feeds.ts';
import type { LogDatabase } from './postgres-log-database.ts';
import type { LogListener } from './postgres-log-listener.ts';
import { createMembership, type Membership } from './postgres-membership.ts';

const COMMIT_MS = 5_000;
const RENEW_MS = 2_000;
const RECONNECT_MS = 500;
/** A notification may be lost with its connection: what is new is looked for from time to time anyway. */
const POLL_MS = 1_000;

/** Joins the group and stays in it until `stop`, whatever becomes of the database meanwhile. */
export async function subscribeToPostgres(
  database: LogDatabase,
  listener: LogListener,
  subscriber: Subscriber,
  log: Logger | undefined,
): Promise<Subscription> {
  const { group, topics } = subscriber;
  return keepSubscribed(group, async ({ signal, joined, fail }) => {
    const wakeUp = createWakeUp();
    const membership = createMembership(database, randomUUID(), subscriber);
    const feeds = createPostgresFeeds({ database, subscriber, onHungry: wakeUp.now, onFailure: fail });
    const member = createMember(membership, feeds, joined);
    const unwatch = listener.watch([group, ...topics], (name) => {
      if (name === group) member.renewSoon();
      wakeUp.now();
    });
    signal.addEventListener('abort', () => {
      feeds.abort();
      wakeUp.now();
    });
    while (!signal.aborted) {
      try {
        if (await member.step()) continue;
        await wakeUp.within(POLL_MS);
      } catch (error) {
        log?.warn({ err: error, group }, 'the subscription lost its database and goes on');
        await pause(RECONNECT_MS, signal);
      }
    }
    await feeds.idle();
    // Without a goodbye the lease ends by itself.
    await membership.leave(feeds.changes().positions).catch(() => undefined);
    await unwatch();
  });
}

/** What a member does again and again. */
function createMember(membership: Membership, feeds: PostgresFeeds, joined: () => void) {
  let renewAt = 0;
  let commitAt = Date.now() + COMMIT_MS;

  async function commit(): Promise<void> {
    const { positions, committed } = feeds.changes();
    await membership.commit(positions);
    committed();
  }

  return {
    renewSoon(): void {
      renewAt = 0;
    },
    /** Whether there is more to do at once. */
    async step(): Promise<boolean> {
      if (Date.now() >= renewAt) {
        renewAt = Date.now() + RENEW_MS;
        feeds.hold(await membership.renew(feeds.places, (places) => feeds.giveUp(places)));
        joined();
      }
      if (Date.now() >= commitAt) {
        commitAt = Date.now() + COMMIT_MS;
        await commit();
      }
      return feeds.fetch();
    },
  };
}

/** A wait that can be cut short, also before it has begun. */
function createWakeUp() {
  let isDue = false;
  let cutShort: () => void = () => undefined;
  return {
    now(this: void): void {
      isDue = true;
      cutShort();
    },
    async within(timeoutMs: number): Promise<void> {
      if (!isDue) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, timeoutMs);
          cutShort = () => {
            clearTimeout(timer);
            resolve();
          };
        });
      }
      isDue = false;
    },
  };
}
