import * as z from 'zod';

import { Instant } from '../fields.ts';
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
