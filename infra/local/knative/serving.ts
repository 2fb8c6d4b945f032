import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import { AppError } from '../../../shared/errors.ts';
import { type Clock, systemClock } from './clock.ts';
import { mostHeaderBytes } from './cloud-event.ts';
import { resolveEnv, type Values } from './environment.ts';
import type { Command } from './instance.ts';
import { answer } from './proxy.ts';
import type { ServiceResource } from './resources.ts';
import { createService, type Service } from './service.ts';
import { type Container, scaleOf } from './service-spec.ts';

export type ServingOptions = {
  /** How the container's process is started on this machine: `args` are those of its manifest. */
  command: (name: string, args: readonly string[]) => Command;
  /** What the manifests' secrets and config maps hold. */
  values: Values;
  log: (service: string, line: string) => void;
  clock?: Clock;
  /** Processes per service at most, however high its max-scale; 1 where it is not given. */
  maxScale?: number;
  /** The autoscaler's window where a manifest names none: an instance idle for longer is stopped. */
  windowMs?: number;
  /** How long `stop` waits for what is under way; a service's `timeoutSeconds` where it is not given. */
  graceMs?: number;
};

export type Serving = {
  /** The way from outside: 404 for a service that is not there or cluster-local. */
  handle: (name: string, request: IncomingMessage, response: ServerResponse) => void;
  /** The service's address inside the cluster. Throws `not-found`. */
  url: (name: string) => string;
  /** Resolves when the service has no process left. */
  scaledToZero: (name: string) => Promise<void>;
  stop: () => Promise<void>;
};

type Entry = { service: Service; server: Server; url: string; isPublic: boolean; timeoutMs: number };

const defaultWindowMs = 60_000;
/** Above the 90 s for which proxies keep a connection, so that none is closed under a request. */
const keepAliveMs = 95_000;
const visibility = 'networking.knative.dev/visibility';

/** Plays Knative Serving: every Service gets an address at once and a process with its first request. */
export async function startServing(resources: readonly ServiceResource[], options: ServingOptions): Promise<Serving> {
  const entries = new Map<string, Entry>();
  for (const resource of resources) entries.set(resource.metadata.name, await serve(resource, options));
  const find = (name: string): Entry => {
    const entry = entries.get(name);
    if (!entry) throw new AppError('not-found', `there is no service ${name}`);
    return entry;
  };
  return {
    handle(name, request, response) {
      const entry = entries.get(name);
      if (entry?.isPublic) entry.service.handle(request, response);
      else answer(response, 404, 'not found');
    },
    url: (name) => find(name).url,
    scaledToZero: (name) => find(name).service.scaledToZero(),
    async stop() {
      await Promise.all([...entries.values()].map((entry) => close(entry, options.graceMs)));
    },
  };
}

async function serve(resource: ServiceResource, options: ServingOptions): Promise<Entry> {
  const { name, labels } = resource.metadata;
  const timeoutMs = resource.spec.template.spec.timeoutSeconds * 1000;
  const service = createService(toOptions(resource, timeoutMs, options));
  const limits = { requestTimeout: 0, keepAliveTimeout: keepAliveMs, maxHeaderSize: mostHeaderBytes };
  const server = createServer(limits, service.handle).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new AppError('unavailable', `no port for ${name}`);
  const isPublic = labels[visibility] !== 'cluster-local';
  return { service, server, url: `http://127.0.0.1:${address.port}`, isPublic, timeoutMs };
}

function toOptions({ metadata: { name }, spec }: ServiceResource, timeoutMs: number, options: ServingOptions) {
  const { metadata, spec: pod } = spec.template;
  const [container] = pod.containers;
  const { windowMs = options.windowMs ?? defaultWindowMs, ...scale } = scaleOf(metadata.annotations);
  const most = Math.max(options.maxScale ?? 1, scale.minScale);
  const { env, ...command } = options.command(name, container.args);
  const own = { K_SERVICE: name, K_CONFIGURATION: name, K_REVISION: `${name}-00001` };
  return {
    command: { ...command, env: { ...env, ...resolveEnv(name, container, options.values), ...own } },
    startupPath: container.startupProbe?.httpGet?.path,
    readinessPath: container.readinessProbe?.httpGet?.path,
    startTimeoutMs: startTimeoutMs(container),
    concurrency: pod.containerConcurrency,
    timeoutMs,
    minScale: scale.minScale,
    maxScale: scale.maxScale === 0 ? most : Math.min(most, scale.maxScale),
    idleMs: windowMs + scale.retentionMs,
    clock: options.clock ?? systemClock,
    log: (line: string) => options.log(name, line),
  };
}

/** Knative's progress deadline, or less where the startup probe gives up before. */
function startTimeoutMs({ startupProbe }: Container): number {
  if (!startupProbe) return 600_000;
  const { initialDelaySeconds, periodSeconds = 10, failureThreshold = 3 } = startupProbe;
  return (initialDelaySeconds + periodSeconds * failureThreshold) * 1000;
}

async function close({ service, server, timeoutMs }: Entry, graceMs = timeoutMs): Promise<void> {
  await service.stop(graceMs);
  server.close();
  server.closeAllConnections();
}
