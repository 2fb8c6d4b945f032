import * as z from 'zod';

import { CalendarDate, Instant } from '../fields.ts';
import { eventContract } from './contract.ts';

/** The minute of the schedule, as a PingSource delivers it. */
export const MinuteTicked = eventContract({
  type: 'dev.knative.sources.ping',
  summary: 'The per-minute schedule fired.',
  data: z.strictObject({}),
});

export const DependencyHealthChanged = eventContract({
  source: '/careflow/cron',
  topic: 'platform-events',
  type: 'careflow.dependency-health.changed.v1',
  summary: 'A dependency became reachable or unreachable.',
  data: z.strictObject({
    dependency: z.string(),
    healthy: z.boolean(),
    since: Instant,
  }),
});

export const PartitionMissing = eventContract({
  source: '/careflow/cron',
  topic: 'platform-events',
  type: 'careflow.partition.missing.v1',
  summary: 'A table that is partitioned by months lacks a month that should be there by now: somebody has to look.',
  data: z.strictObject({
    table: z.string().meta({ description: 'With its schema' }),
    month: CalendarDate.meta({ description: 'Its first day' }),
  }),
});
