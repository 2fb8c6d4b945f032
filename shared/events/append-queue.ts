import { setTimeout as delay } from 'node:timers/promises';

import { AppError } from '../errors.ts';
import type { LogRecord } from './event-log.ts';

export type AppendQueue = {
  /** Resolves when the records are in the log. Throws AppError `unavailable` when they are not in time: they may yet be. */
  readonly append: (records: readonly LogRecord[]) => Promise<void>;
  /** Resolves when nothing is on its way. */
  readonly drain: () => Promise<void>;
};

/** Resolves when the records are durable; rejects with `unavailable` where another attempt may do. */
export type SendRecords = (records: readonly LogRecord[]) => Promise<void>;

export const APPEND_DEADLINE_MS = 10_000;

/** What is sent at a time. Kafka bounds a partition's share of a request (`max.message.bytes`). */
const MAX_PART_BYTES = 768 * 1024;

const PAUSE_MS = 200;

type Append = { records: readonly LogRecord[]; expiresAt: number; settle: (error?: unknown) => void };

/** Appends in the order of the calls, whatever fails in between: one part at a time, with all that has gathered meanwhile. */
export function createAppendQueue(send: SendRecords, deadlineMs: number): AppendQueue {
  let waiting: Append[] = [];
  let sending: Promise<void> | undefined;

  async function sendAll(): Promise<void> {
    while (waiting.length > 0) {
      const round = waiting;
      waiting = [];
      const failure = await sendRound(send, round);
      // What one is refused for is nothing that the others waited for.
      const isShared = failure === undefined || isPassing(failure) || round.length === 1;
      for (const append of round) append.settle(isShared ? failure : await sendRound(send, [append]));
    }
    sending = undefined;
  }

  return {
    append(records) {
      if (records.length === 0) return Promise.resolve();
      return new Promise((resolve, reject) => {
        const timer = setTimeout(() => reject(tooLate(deadlineMs)), deadlineMs);
        const settle = (error?: unknown) => {
          clearTimeout(timer);
          if (error === undefined) resolve();
          else reject(error);
        };
        waiting.push({ records, expiresAt: Date.now() + deadlineMs, settle });
        sending ??= sendAll();
      });
    },
    drain: async () => sending,
  };
}

/** Resolves to what failed, if anything. */
async function sendRound(send: SendRecords, round: readonly Append[]): Promise<unknown> {
  const expiresAt = Math.max(...round.map((append) => append.expiresAt));
  const records = round.flatMap((append) => append.records);
  try {
    for (const part of inParts(records)) await sendUntil(send, part, expiresAt);
    return undefined;
  } catch (error) {
    return error;
  }
}

async function sendUntil(send: SendRecords, part: readonly LogRecord[], expiresAt: number): Promise<void> {
  for (let pauseMs = PAUSE_MS; ; pauseMs *= 2) {
    try {
      await send(part);
      return;
    } catch (error) {
      if (!isPassing(error) || Date.now() + pauseMs > expiresAt) throw error;
    }
    await delay(pauseMs);
  }
}

function* inParts(records: readonly LogRecord[]): Generator<LogRecord[]> {
  let part: LogRecord[] = [];
  let bytes = 0;
  for (const record of records) {
    const size = sizeOf(record);
    if (part.length > 0 && bytes + size > MAX_PART_BYTES) {
      yield part;
      part = [];
      bytes = 0;
    }
    part.push(record);
    bytes += size;
  }
  yield part;
}

function sizeOf({ key, value, headers }: LogRecord): number {
  const headerBytes = Object.entries(headers).reduce((sum, [name, text]) => sum + name.length + text.length, 0);
  return (key?.length ?? 0) + (value?.length ?? 0) + headerBytes;
}

function isPassing(error: unknown): boolean {
  return error instanceof AppError && error.code === 'unavailable';
}

function tooLate(deadlineMs: number): AppError {
  return new AppError('unavailable', `the event log did not take the records within ${deadlineMs / 1_000} s`);
}
