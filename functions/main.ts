import { ConfigError, integer, oneOf, readConfig } from '../shared/runtime/config.ts';
import { createLog, logLevels } from '../shared/runtime/log.ts';
import { serve } from '../shared/runtime/serve.ts';
import { isWorkload, loadWorkload, workloads } from './workloads.ts';

/** `main.ts <function>` serves one function until it is told to stop. */
async function main(name: string): Promise<void> {
  if (!isWorkload(name)) throw new ConfigError([`the function's name is missing: give ${workloads.join(' or ')}`]);
  const { env } = process;
  const config = readConfig(env, {
    PORT: integer({ default: 8080, max: 65_535 }),
    LOG_LEVEL: oneOf(logLevels, { default: 'info' }),
    REQUEST_TIMEOUT_MS: integer({ default: 30_000, min: 1 }),
    DRAIN_DELAY_MS: integer({ default: 5000 }),
    DRAIN_DEADLINE_MS: integer({ default: 30_000, min: 1 }),
  });
  const log = createLog({ name, level: config.LOG_LEVEL });
  const open = await loadWorkload(name);
  const address = await serve(await open(env, log), {
    log,
    port: config.PORT,
    requestTimeoutMs: config.REQUEST_TIMEOUT_MS,
    drainDelayMs: config.DRAIN_DELAY_MS,
    drainDeadlineMs: config.DRAIN_DEADLINE_MS,
  });
  log.info({ listeningAt: address }, 'ready');
}

try {
  await main(process.argv[2] ?? '');
} catch (error) {
  console.error(error instanceof ConfigError ? error.message : error);
  process.exit(1);
}
