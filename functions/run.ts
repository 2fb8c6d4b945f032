import { ConfigError } from '../shared/runtime/config.ts';
import type { OpenFunction } from '../shared/runtime/function.ts';
import { serve } from '../shared/runtime/serve.ts';
import { readSettings } from '../shared/runtime/settings.ts';

/** Serves one function until the process is told to stop; says what the environment lacks and exits with 1 otherwise. */
export async function run(name: string, open: OpenFunction): Promise<void> {
  try {
    const settings = readSettings(name, process.env);
    const address = await serve(await open(process.env, settings.log), settings);
    settings.log.info({ listeningAt: address }, 'ready');
  } catch (error) {
    console.error(error instanceof ConfigError ? error.message : error);
    process.exit(1);
  }
}
