import { randomUUIDv7 } from 'node:crypto';

import { PartitionMissing } from '../../schemas/events/platform.v1.ts';
import type { Database } from '../../shared/db/client.ts';
import {
  createMonth,
  dropMonth,
  listExpiredMonths,
  listMissingMonths,
  type TableMonth,
} from '../../shared/db/month-partitions.ts';
import { enqueue, outgoing } from '../../shared/db/outbox.ts';
import { cronOutbox } from '../../shared/db/schema/cron.ts';
import type { Task, TaskContext } from './task.ts';

const MONTHS_AHEAD = 3;

/**
 * Once a day: has a context make the partitions of this month and the next three, raises an alarm for those that are not
 * there then, and has it drop those that are past what is declared of their table.
 */
export function maintainPartitions(cron: Database, context: string, db: Database): Task {
  return {
    name: `maintain-${context}-partitions`,
    every: 'day',
    async run(task) {
      const day = task.now.toZonedDateTimeISO('UTC').toPlainDate();
      const wanted = { day, ahead: MONTHS_AHEAD };
      const missing = await listMissingMonths(db, context, wanted);
      const made = await forEachMonth(missing, (month) => createMonth(db, context, month));
      await raiseAlarm(cron, context, await listMissingMonths(db, context, wanted), task);
      const expired = await listExpiredMonths(db, context, day);
      mustHaveWorked([...made, ...(await forEachMonth(expired, (month) => dropMonth(db, context, month)))]);
      return missing.length + expired.length;
    },
  };
}

/** One month after the other; one that fails does not keep the others from being seen to. */
async function forEachMonth(
  months: readonly TableMonth[],
  change: (month: Temporal.PlainDate) => Promise<void>,
): Promise<PromiseSettledResult<void>[]> {
  const each = new Set(months.map(({ month }) => month.toString()));
  const changes: PromiseSettledResult<void>[] = [];
  for (const month of each) changes.push(...(await Promise.allSettled([change(Temporal.PlainDate.from(month))])));
  return changes;
}

function mustHaveWorked(changes: readonly PromiseSettledResult<void>[]): void {
  const failed = changes.find((change) => change.status === 'rejected');
  if (failed) throw failed.reason;
}

async function raiseAlarm(
  cron: Database,
  context: string,
  missing: readonly TableMonth[],
  { now, traceparent }: TaskContext,
): Promise<void> {
  const events = missing.map(({ table, month }) => {
    const name = `${context}.${table}`;
    return outgoing(PartitionMissing, {
      id: randomUUIDv7(),
      subject: name,
      partitionKey: name,
      time: now,
      traceparent,
      data: { table: name, month: month.toString() },
    });
  });
  await enqueue(cron, cronOutbox, events);
}
