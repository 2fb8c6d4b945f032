import { randomUUID } from 'node:crypto';

import { expect, it } from 'vitest';

import type { Service } from '../../../infra/local/services/process.ts';
import type { EventLog } from '../../../shared/events/event-log.ts';
import { until } from '../../support/until.ts';
import { join, readAll, record, text } from './event-log-contract.ts';

/** What an event log promises about a server that is killed and comes back. */
export function itOutlivesItsServer(server: () => Service, open: (url: string) => EventLog): void {
  it(
    'loses nothing that it took, keeps the order and goes on when its server is killed',
    { timeout: 120_000 },
    async () => {
      const log = open(server().url);
      const topic = `topic-${randomUUID()}`;
      await log.ensureTopics([{ name: topic, partitions: 3 }]);
      const member = await join(log, topic, { group: topic });
      const taken: string[] = [];
      const appending = new AbortController();
      const appended = appendUntil(log, topic, taken, appending.signal);

      for (let kill = 1; kill <= 2; kill += 1) {
        const before = taken.length;
        await until(() => taken.length > before + 20, { what: 'records to be taken', timeoutMs: 60_000 });
        await server().kill();
        await server().restart();
      }
      const before = taken.length;
      await until(() => taken.length > before + 20, { what: 'records after the restart', timeoutMs: 60_000 });
      appending.abort();
      await appended;

      await until(() => taken.every((value) => member.done.some((each) => text(each) === value)), {
        what: 'all that was taken to arrive',
        timeoutMs: 60_000,
      });
      await member.stop();
      const stored = (await readAll(log, topic)).map(text);
      expect(inOrderOfFirst(stored)).toEqual(
        inOrderOfFirst(stored).toSorted((one, other) => Number(one) - Number(other)),
      );
      expect(new Set(stored).isSupersetOf(new Set(taken))).toBe(true);
      expect(await log.lag(topic, [topic])).toBe(0n);
      await log.close();
    },
  );

  it('says that the log is unavailable, in time, while its server is away', { timeout: 60_000 }, async () => {
    const log = open(server().url);
    const topic = `topic-${randomUUID()}`;
    await log.ensureTopics([{ name: topic, partitions: 1 }]);
    await log.append([record(topic, 'k', 'before')]);
    await server().kill();
    await expect(log.append([record(topic, 'k', 'meanwhile')])).rejects.toMatchObject({ code: 'unavailable' });
    await server().restart();
    await log.append([record(topic, 'k', 'after')]);
    expect((await readAll(log, topic)).map(text)).toEqual(expect.arrayContaining(['before', 'after']));
    await log.close();
  });
}

/** Appends numbers under one key, each again until the log has taken it. */
async function appendUntil(log: EventLog, topic: string, taken: string[], signal: AbortSignal): Promise<void> {
  for (let number = 0; !signal.aborted;) {
    const value = String(number);
    const isTaken = await log.append([record(topic, 'key', value)]).then(
      () => true,
      () => false,
    );
    if (!isTaken) continue;
    taken.push(value);
    number += 1;
  }
}

/** What was appended twice counts where it came first. */
function inOrderOfFirst(values: readonly string[]): string[] {
  return [...new Set(values)];
}
