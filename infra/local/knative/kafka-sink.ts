import { createServer, type IncomingMessage } from 'node:http';
import { once } from 'node:events';
import { AppError } from '../../../shared/errors.ts';
import type { EventLog } from '../../../shared/events/event-log.ts';
import { eventOfRequest, mostHeaderBytes, recordOfEvent } from './cloud-event.ts';
import type { KafkaSink } from './resources.ts';

export type KafkaSinks = {
  /** The address of a sink. Throws `not-found`. */
  url: (name: string) => string;
  stop: () => Promise<void>;
};

/** Plays the KafkaSinks: each has a path, to which a CloudEvent is posted; 202 when it is durable in the sink's topic. */
export async function startKafkaSinks(sinks: readonly KafkaSink[], eventLog: EventLog): Promise<KafkaSinks> {
  const byPath = new Map(sinks.map((sink) => [pathOf(sink), sink]));
  const server = createServer({ maxHeaderSize: mostHeaderBytes }, (request, response) => {
    void receive(byPath.get(request.url ?? ''), eventLog, request)
      .catch(() => 503)
      .then((status) => response.writeHead(status).end());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new AppError('unavailable', 'no port for the Kafka sinks');
  return {
    url(name) {
      const sink = sinks.find(({ metadata }) => metadata.name === name);
      if (!sink) throw new AppError('not-found', `there is no Kafka sink ${name}`);
      return `http://127.0.0.1:${address.port}${pathOf(sink)}`;
    },
    async stop() {
      server.close();
      server.closeIdleConnections();
      await once(server, 'close');
    },
  };
}

function pathOf({ metadata: { namespace, name } }: KafkaSink): string {
  return `/${namespace}/${name}`;
}

async function receive(sink: KafkaSink | undefined, eventLog: EventLog, request: IncomingMessage): Promise<number> {
  if (!sink) return 404;
  if (request.method !== 'POST') return 405;
  const event = eventOfRequest(request.headers, await readBody(request));
  if (!event) return 400;
  await eventLog.append([recordOfEvent(event, sink.spec.topic, sink.spec.contentMode)]);
  return 202;
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}
