import type { StoredRecord } from './event-log.ts';

/** The records of one partition on their way through a subscription's handler. */
export type PartitionWork = {
  /** Takes records in the order of their offsets; leaves out what it has taken before. */
  take(records: readonly StoredRecord[]): void;
  /** The offset to read on from; `undefined` before the first record. */
  readonly next: bigint | undefined;
  /** The offset up to which every record taken is dealt with; `undefined` when that is none. */
  readonly done: bigint | undefined;
  readonly wantsMore: boolean;
  /** Resolves to `wantsMore`, as soon as it is true, or when the time is over. */
  wantsMoreWithin(timeoutMs: number): Promise<boolean>;
  /** Starts no further record until `goOn`; those under way are not disturbed. */
  hold(): void;
  goOn(): void;
  /** Starts no further record, and tells those under way. */
  abort(): void;
  /** Resolves when no record is under way. */
  idle(): Promise<void>;
};

export type PartitionWorkOptions = {
  inFlight: number;
  onRecord: (record: StoredRecord, signal: AbortSignal) => Promise<void>;
  /** Called when it wants more again. */
  onHungry: () => void;
  /** Called when `onRecord` rejects a record that it was not told to drop. */
  onFailure: (error: Error) => void;
};

/** What waits for its turn is bounded in bytes, for a record may be one or a thousand kilobytes. */
const ENOUGH_BYTES = 512 * 1024;
const ENOUGH_RECORDS = 2_000;

export function createPartitionWork({ inFlight, onRecord, onHungry, onFailure }: PartitionWorkOptions): PartitionWork {
  const stopping = new AbortController();
  const waiting: StoredRecord[] = [];
  /** Records handed out whose offsets cannot be committed yet, oldest first. */
  const open: { offset: bigint; isDone: boolean }[] = [];
  const hungry = createSignal();
  const idle = createSignal();
  let waitingBytes = 0;
  let running = 0;
  let isHeld = false;
  let next: bigint | undefined;
  let done: bigint | undefined;

  const wantsMore = () => waitingBytes < ENOUGH_BYTES && waiting.length < ENOUGH_RECORDS;

  function startWaiting(): void {
    const wantedMore = wantsMore();
    while (running < inFlight && !isHeld && !stopping.signal.aborted) {
      const record = waiting.shift();
      if (record === undefined) break;
      waitingBytes -= sizeOf(record);
      running += 1;
      void run(record);
    }
    if (wantedMore || !wantsMore()) return;
    hungry.fire();
    onHungry();
  }

  async function run(record: StoredRecord): Promise<void> {
    const entry = { offset: record.offset, isDone: false };
    open.push(entry);
    try {
      await onRecord(record, stopping.signal);
      entry.isDone = true;
      settle();
    } catch (error) {
      if (!stopping.signal.aborted) onFailure(error instanceof Error ? error : new Error(String(error)));
    }
    running -= 1;
    startWaiting();
    if (running === 0) idle.fire();
  }

  function settle(): void {
    while (open[0]?.isDone) {
      done = open[0].offset + 1n;
      open.shift();
    }
  }

  return {
    take(records) {
      if (stopping.signal.aborted) return;
      for (const record of records) {
        if (next !== undefined && record.offset < next) continue;
        next = record.offset + 1n;
        waiting.push(record);
        waitingBytes += sizeOf(record);
      }
      startWaiting();
    },
    get next() {
      return next;
    },
    get done() {
      return done;
    },
    get wantsMore() {
      return wantsMore();
    },
    async wantsMoreWithin(timeoutMs) {
      if (!wantsMore()) await hungry.within(timeoutMs);
      return wantsMore();
    },
    hold() {
      isHeld = true;
    },
    goOn() {
      isHeld = false;
      startWaiting();
    },
    abort() {
      stopping.abort();
      waiting.length = 0;
      waitingBytes = 0;
      hungry.fire();
    },
    async idle() {
      while (running > 0) await idle.within();
    },
  };
}

function sizeOf({ key, value }: StoredRecord): number {
  return (key?.length ?? 0) + (value?.length ?? 0);
}

/** Lets many wait for something that happens again and again. */
function createSignal() {
  let waiters: (() => void)[] = [];
  return {
    fire() {
      const woken = waiters;
      waiters = [];
      for (const wake of woken) wake();
    },
    within(timeoutMs?: number): Promise<void> {
      return new Promise((resolve) => {
        const timer = timeoutMs === undefined ? undefined : setTimeout(resolve, timeoutMs);
        waiters.push(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    },
  };
}
