import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { fastify } from 'fastify';
import { z } from 'zod';

import { wholeNumber } from '../../../schemas/fields.ts';

import { AwsFault, readCall, writeAnswer, writeFault } from './aws-query.ts';
import type { FaultSwitch } from './faults.ts';
import { createFaultSwitch, Faults } from './faults.ts';
import {
  CERTIFICATE_PATH,
  CONFIRMATION_PATH,
  type FeedbackOptions,
  type FeedbackTopic,
  openFeedbackTopic,
} from './feedback.ts';
import { pagePolicy, writePage } from './page.ts';
import type { SentMessages } from './sent-messages.ts';
import { openSentMessages } from './sent-messages.ts';

export type MailboxOptions = {
  /** Keeps what was sent. */
  readonly dir: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** The newest so many are kept; 100,000 unless given. */
  readonly maxMessages?: number;
  /** Who is told of bounces and complaints; nobody unless given. */
  readonly feedback?: FeedbackOptions;
};

export type RunningMailbox = {
  /** The endpoint for SES and SNS clients; the messages are at `/mailbox` below it. */
  readonly url: string;
  stop(): Promise<void>;
};

const Query = z.strictObject({
  to: z.string().optional(),
  channel: z.enum(['email', 'sms', 'push']).optional(),
  limit: wholeNumber({ min: 1, max: 5000, absent: 1000 }),
  cursor: z.string().regex(/^\d+$/).optional(),
});

/** Above the 40 MB that SES takes, in base64 and percent-encoding. */
const bodyLimit = 80 * 1024 * 1024;

/**
 * Starts an endpoint on the loopback address that takes what SES and SNS clients send, and shows it: `GET /mailbox` as
 * JSON or as a page, `DELETE /mailbox`, and `POST /mailbox/faults` to make sending go wrong.
 */
export async function startMailbox(options: MailboxOptions): Promise<RunningMailbox> {
  const { dir, port, maxMessages = 100_000, feedback } = options;
  const sent = openSentMessages(dir, maxMessages);
  const faults = createFaultSwitch();
  const server = fastify({ bodyLimit, forceCloseConnections: true });
  const topic = feedback && openFeedbackTopic(feedback, () => url);
  const parts = { sent, faults, topic };
  addProvider(server, parts);
  addMailbox(server, parts);
  if (topic) addTopic(server, topic);
  server.addHook('onClose', async () => {
    topic?.close();
    sent.close();
  });
  const url = await server.listen({ host: '127.0.0.1', port });
  return { url, stop: () => server.close() };
}

type Parts = {
  readonly sent: SentMessages;
  readonly faults: FaultSwitch;
  readonly topic: FeedbackTopic | undefined;
};

function addProvider(server: FastifyInstance, parts: Parts): void {
  const form = 'application/x-www-form-urlencoded';
  server.addContentTypeParser(form, { parseAs: 'string' }, (_request, body, done) => {
    done(null, new URLSearchParams(String(body)));
  });
  server.post('/', (request, reply) => {
    try {
      return takeCall(request, reply, parts);
    } catch (error) {
      if (!(error instanceof AwsFault)) throw error;
      return reply.code(error.status).type('text/xml').send(writeFault(error));
    }
  });
}

function takeCall(request: FastifyRequest, reply: FastifyReply, { sent, faults, topic }: Parts) {
  const form = request.body instanceof URLSearchParams ? request.body : new URLSearchParams();
  const call = readCall(form, Temporal.Now.instant());
  const outcome = faults.decide(call);
  if (outcome === 'hang') return reply.hijack();
  sent.keep(call.messages);
  for (const message of call.messages) {
    const fate = message.channel === 'push' ? undefined : faults.fateOf(message.to);
    if (fate !== undefined) topic?.tell(message, fate);
  }
  if (outcome === 'send') return reply.type('text/xml').send(writeAnswer(call));
  request.raw.socket.destroy();
  return reply.hijack();
}

function addMailbox(server: FastifyInstance, { sent, faults }: Parts): void {
  server.get('/mailbox', (request, reply) => {
    const query = Query.safeParse(request.query);
    if (!query.success) return reply.code(400).send({ error: z.prettifyError(query.error) });
    const asPage = request.headers.accept?.includes('text/html') ?? false;
    if (!asPage) return reply.send(sent.list(query.data));
    const page = writePage(sent.list({ ...query.data, limit: Math.min(query.data.limit, 200) }));
    return reply.type('text/html; charset=utf-8').header('content-security-policy', pagePolicy).send(page);
  });
  server.delete('/mailbox', (_request, reply) => {
    sent.clear();
    return reply.code(204).send();
  });
  server.post('/mailbox/faults', (request, reply) => {
    const wanted = Faults.safeParse(request.body);
    if (!wanted.success) return reply.code(400).send({ error: z.prettifyError(wanted.error) });
    faults.set(wanted.data);
    return reply.send(wanted.data);
  });
}

/** What SNS shows to those it posts to. */
function addTopic(server: FastifyInstance, { certificate }: FeedbackTopic): void {
  server.get(CERTIFICATE_PATH, (_request, reply) => reply.type('application/x-pem-file').send(certificate));
  server.get(CONFIRMATION_PATH, (_request, reply) => reply.type('text/xml').send('<ConfirmSubscriptionResponse/>'));
}
