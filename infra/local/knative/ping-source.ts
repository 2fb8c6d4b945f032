import { randomUUID } from 'node:crypto';
import { type Clock, pause } from './clock.ts';
import { type CloudEvent, headersOfEvent } from './cloud-event.ts';
import { nextTick, parseSchedule } from './cron-schedule.ts';
import type { PingSource } from './resources.ts';
import type { Source, SourceOptions } from './kafka-source.ts';

const retries = 5;
const backoffMs = 50;
const retried = new Set([404, 413, 425, 429, 502, 503, 504]);

/**
 * Plays a PingSource: an event at each tick of its schedule, tried again five times where there is no answer or one of a few
 * statuses. Any other refusal loses the tick, and so do ticks while the platform is down.
 */
export function startPingSource(source: PingSource, options: SourceOptions): Source {
  const { clock, log } = options;
  const schedule = parseSchedule(source.spec.schedule);
  const stopping = new AbortController();
  const underWay = new Set<Promise<void>>();
  let cancel: (() => void) | undefined;

  const plan = (): void => {
    const now = clock.now();
    const next = nextTick(schedule, source.spec.timezone, now);
    cancel = clock.after(next.since(now).total('milliseconds'), () => {
      const sent = send(source, options, stopping.signal)
        .catch((error: unknown) => log(`lost a tick: ${error instanceof Error ? error.message : String(error)}`))
        .finally(() => underWay.delete(sent));
      underWay.add(sent);
      plan();
    });
  };
  plan();
  return {
    async stop() {
      cancel?.();
      stopping.abort(new Error('stopping'));
      await Promise.all(underWay);
    },
  };
}

async function send(source: PingSource, options: SourceOptions, signal: AbortSignal): Promise<void> {
  const event = tickOf(source, options.clock);
  for (let retry = 0; ; retry += 1) {
    const status = await post(event, options.resolve(source.spec.sink), options);
    if (status !== undefined && status < 300) return;
    const isWorthIt = status === undefined || retried.has(status);
    if (!isWorthIt || retry >= retries) return options.log(`lost a tick: ${status ?? 'no answer'}`);
    await pause(options.clock, backoffMs * 2 ** (retry + 1), signal);
  }
}

function tickOf({ metadata: { namespace, name }, spec }: PingSource, clock: Clock): CloudEvent {
  return {
    attributes: {
      specversion: '1.0',
      type: 'dev.knative.sources.ping',
      source: `/apis/v1/namespaces/${namespace}/pingsources/${name}`,
      id: randomUUID(),
      time: clock.now().toString(),
      datacontenttype: spec.contentType,
      ...spec.ceOverrides?.extensions,
    },
    data: Buffer.from(spec.data),
  };
}

/** The status of the answer; `undefined` where there was none. */
async function post(event: CloudEvent, url: string, { dispatcher }: SourceOptions): Promise<number | undefined> {
  try {
    const { origin, pathname } = new URL(url);
    const request = {
      origin,
      path: pathname,
      method: 'POST',
      headers: headersOfEvent(event),
      body: event.data,
    } as const;
    const { statusCode, body } = await dispatcher.request(request);
    await body.dump();
    return statusCode;
  } catch {
    return undefined;
  }
}
