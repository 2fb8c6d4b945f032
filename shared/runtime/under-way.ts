import type { FastifyReply } from 'fastify';

import { AppError } from '../errors.ts';

/** The requests that are not answered yet. */
export type UnderWay = {
  readonly add: (reply: FastifyReply) => void;
  readonly remove: (reply: FastifyReply) => void;
  readonly isIdle: () => boolean;
  /** From here on each answer asks its client to connect anew, elsewhere. */
  readonly drain: () => void;
  readonly isDraining: () => boolean;
};

const sweepMs = 100;

/**
 * Answers 503 to a request that takes too long; what is under way runs on. One timer looks after all of them: one each
 * would cost more than all else that is kept of a request.
 */
export function watchUnderWay(timeoutMs: number): UnderWay {
  // In the order of their arrival, so the first that is in time ends the sweep.
  const replies = new Set<FastifyReply>();
  let draining = false;
  let sweeper: NodeJS.Timeout | undefined;
  const sweep = (): void => {
    for (const reply of replies) {
      if (reply.elapsedTime < timeoutMs) break;
      if (!reply.sent) reply.send(new AppError('unavailable', 'It took too long.'));
    }
    if (replies.size > 0) return;
    clearInterval(sweeper);
    sweeper = undefined;
  };
  return {
    add: (reply) => {
      replies.add(reply);
      if (draining) reply.header('connection', 'close');
      sweeper ??= setInterval(sweep, sweepMs).unref();
    },
    remove: (reply) => replies.delete(reply),
    isIdle: () => replies.size === 0,
    drain: () => {
      draining = true;
      for (const reply of replies) if (!reply.sent) reply.header('connection', 'close');
    },
    isDraining: () => draining,
  };
}
