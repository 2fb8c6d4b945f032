/** A client that is connected while it is used. */
export type IdleClient<Client> = {
  /** Lends the client, connecting it when it is not; who rejects has it replaced before the next use. */
  readonly use: <Result>(work: (client: Client) => Promise<Result>) => Promise<Result>;
  /** Disconnects at once; a later use connects anew. */
  readonly close: () => Promise<void>;
};

type Connection<Client> = {
  client: Promise<Client>;
  users: number;
  isBroken: boolean;
  timer?: NodeJS.Timeout | undefined;
};

/** Connects at the first use and disconnects when nobody has used the client for `idleMs`. */
export function createIdleClient<Client>(
  connect: () => Promise<Client>,
  disconnect: (client: Client) => Promise<void>,
  idleMs: number,
): IdleClient<Client> {
  let current: Connection<Client> | undefined;

  async function drop(connection: Connection<Client>): Promise<void> {
    clearTimeout(connection.timer);
    if (current === connection) current = undefined;
    // Whether the goodbye is heard makes no difference to what follows.
    await connection.client.then(disconnect).catch(() => undefined);
  }

  function release(connection: Connection<Client>): void {
    if (connection.isBroken) void drop(connection);
    else connection.timer = setTimeout(() => void drop(connection), idleMs).unref();
  }

  return {
    async use(work) {
      const connection = (current ??= { client: connect(), users: 0, isBroken: false });
      clearTimeout(connection.timer);
      connection.users += 1;
      try {
        return await work(await connection.client);
      } catch (error) {
        connection.isBroken = true;
        if (current === connection) current = undefined;
        throw error;
      } finally {
        connection.users -= 1;
        if (connection.users === 0) release(connection);
      }
    },
    async close() {
      if (current) await drop(current);
    },
  };
}
