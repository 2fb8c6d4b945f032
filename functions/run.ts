import { ConfigError, integer, oneOf, readConfig } from '../shared/runtime/config.ts';
import type { OpenFunction } from '../shared/runtime/function.ts';
import { createLog, logLevels } from '../shared/runtime/log.ts';
import { serve } from '../shared/runtime/serve.ts';

/** Serves one function until the process is told to stop; says what the environment lacks and exits with 1 otherwise. */
export async function run(name: string, open: OpenFunction): Promise<void> {
  try {
    await openAndServe(name, open);
  } catch (error) {
    console.error(error instanceof ConfigError ? error.message : error);
    process.exit(1);
  }
}

async function openAndServe(name: string, open: OpenFunction): Promise<void> {
  const { env } = process;
  const config = readConfig(env, {
    PORT: integer({ default: 8080, max: 65_535 }),
    LOG_LEVEL: oneOf(logLevels, { default: 'info' }),
    REQUEST_TIMEOUT_MS: integer({ default: 30_000, min: 1 }),
    DRAIN_DELAY_MS: integer({ default: 5000 }),
    DRAIN_DEADLINE_MS: integer({ default: 30_000, min: 1 }),
  });
  const log = createLog({ name, level: config.LOG_LEVEL });
  const address = await serve(await open(env, log), {
    log,
    port: config.PORT,
    requestTimeoutMs: config.REQUEST_TIMEOUT_MS,
    drainDelayMs: config.DRAIN_DELAY_MS,
    drainDeadlineMs: config.DRAIN_DEADLINE_MS,
  });
  log.info({ listeningAt: address }, 'ready');
}
