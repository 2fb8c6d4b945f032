import { listHealth } from '../../shared/db/dependency-health.ts';
import { findUnsent } from '../../shared/db/outbox.ts';
import { patientOutbox } from '../../shared/db/schema/account.ts';
import { bookingOutbox } from '../../shared/db/schema/booking.ts';
import { cronOutbox } from '../../shared/db/schema/cron.ts';
import { homekitOutbox } from '../../shared/db/schema/homekit.ts';
import { laboratoryOutbox } from '../../shared/db/schema/laboratory.ts';
import { notificationOutbox } from '../../shared/db/schema/notification.ts';
import type { OutboxTable } from '../../shared/db/schema/outbox.ts';
import { practitionerOutbox } from '../../shared/db/schema/practitioner.ts';
import { workerOutbox } from '../../shared/db/schema/worker.ts';
import { listTaskTimings } from '../../shared/db/task-runs.ts';
import type { Metric } from './exposition.ts';
import type { Contexts } from './lanes.ts';

const outboxes: readonly (readonly [keyof Contexts, OutboxTable])[] = [
  ['booking', bookingOutbox],
  ['practitioner', practitionerOutbox],
  ['notification', notificationOutbox],
  ['laboratory', laboratoryOutbox],
  ['homekit', homekitOutbox],
  ['patient', patientOutbox],
  ['worker', workerOutbox],
  ['cron', cronOutbox],
];

/**
 * How the platform does, in the Prometheus text format: read from what is kept when it is asked for, so that a process that
 * has just begun tells the same. Throws `unavailable` without the cron context.
 */
export function readMetrics(contexts: Contexts, now: () => Temporal.Instant): () => Promise<string> {
  return async () => {
    const metrics = await Promise.all([
      metricsOfHealth(contexts),
      metricsOfTasks(contexts),
      metricsOfOutboxes(contexts, now()),
    ]);
    // A cold start does not need it: it is loaded with the first question.
    const { writeMetrics } = await import('./exposition.ts');
    return writeMetrics(metrics.flat());
  };
}

async function metricsOfHealth({ cron }: Contexts): Promise<Metric[]> {
  const found = (await listHealth(cron)).map((health) => ({ ...health, labels: { dependency: health.dependency } }));
  return [
    {
      name: 'careflow_dependency_up',
      help: 'Whether a dependency answered when it was last asked.',
      samples: found.map(({ labels, healthy }) => ({ labels, value: Number(healthy) })),
    },
    {
      name: 'careflow_dependency_changed_timestamp_seconds',
      help: 'Since when a dependency is as it is.',
      samples: found.map(({ labels, since }) => ({ labels, value: seconds(since) })),
    },
  ];
}

async function metricsOfTasks({ cron }: Contexts): Promise<Metric[]> {
  const found = (await listTaskTimings(cron)).map((timing) => ({ ...timing, labels: { task: timing.task } }));
  return [
    {
      name: 'careflow_task_done_timestamp_seconds',
      help: 'When recurring work was last done.',
      samples: found.map(({ labels, doneAt }) => ({ labels, value: seconds(doneAt) })),
    },
    {
      name: 'careflow_task_duration_seconds',
      help: 'How long it took then.',
      samples: found.map(({ labels, durationMs }) => ({ labels, value: durationMs / 1000 })),
    },
  ];
}

/** A context whose database is away is left out: its dependency says so. */
async function metricsOfOutboxes(contexts: Contexts, now: Temporal.Instant): Promise<Metric[]> {
  const found = await Promise.allSettled(
    outboxes.map(async ([context, outbox]) => ({
      labels: { context },
      ...(await findUnsent(contexts[context], outbox)),
    })),
  );
  const unsent = found.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
  return [
    {
      name: 'careflow_outbox_unsent_events',
      help: 'Events that are committed and not yet published.',
      samples: unsent.map(({ labels, count }) => ({ labels, value: count })),
    },
    {
      name: 'careflow_outbox_oldest_unsent_seconds',
      help: 'How long the oldest of them has waited.',
      samples: unsent.map(({ labels, oldestAt = now }) => ({ labels, value: oldestAt.until(now).total('seconds') })),
    },
  ];
}

function seconds(at: Temporal.Instant): number {
  return at.epochMilliseconds / 1000;
}
