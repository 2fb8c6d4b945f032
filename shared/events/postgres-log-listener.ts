import pg from 'pg';

export type LogListener = {
  /**
   * Calls `wake` with the name when a topic has new records or a group has changed, and with `undefined` when that may have
   * been missed. Returns what ends it.
   */
  watch(names: readonly string[], wake: (name: string | undefined) => void): () => Promise<void>;
};

/** What is new is told under the topic's name, what changed in a group under the group's. */
export const CHANNEL = 'event_log';

const RECONNECT_MS = 1_000;

type Watch = { names: ReadonlySet<string>; wake: (name: string | undefined) => void };

/** Holds one connection while anybody watches. */
export function createLogListener(url: string, applicationName: string): LogListener {
  const watches = new Set<Watch>();
  let client: pg.Client | undefined;
  let timer: NodeJS.Timeout | undefined;

  async function listen(): Promise<void> {
    const connecting = new pg.Client({ connectionString: url, application_name: applicationName, keepAlive: true });
    client = connecting;
    connecting.on('notification', ({ payload }) => wakeAll(payload));
    connecting.on('error', () => undefined);
    connecting.on('end', () => {
      if (client !== connecting) return;
      client = undefined;
      if (watches.size > 0) timer = setTimeout(() => void listen(), RECONNECT_MS);
    });
    try {
      await connecting.connect();
      await connecting.query(`LISTEN ${CHANNEL}`);
      wakeAll(undefined);
    } catch {
      await connecting.end();
    }
  }

  function wakeAll(name: string | undefined): void {
    for (const { names, wake } of watches) if (name === undefined || names.has(name)) wake(name);
  }

  return {
    watch(names, wake) {
      const watch = { names: new Set(names), wake };
      watches.add(watch);
      if (watches.size === 1) void listen();
      return async () => {
        watches.delete(watch);
        if (watches.size > 0) return;
        clearTimeout(timer);
        const idle = client;
        client = undefined;
        await idle?.end();
      };
    },
  };
}
