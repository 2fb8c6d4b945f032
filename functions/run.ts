import { ConfigError, readConfig } from '../shared/runtime/config.ts';
import type { Settings } from '../shared/runtime/config.ts';
import type { OpenFunction } from '../shared/runtime/function.ts';
import { serve } from '../shared/runtime/serve.ts';
import { readSettings } from '../shared/runtime/settings.ts';

/** Serves one function until the process is told to stop; says what the environment lacks and exits with 1 otherwise. */
export async function run(name: string, settings: Settings, load: () => Promise<OpenFunction>): Promise<void> {
  try {
    const runtime = readSettings(name, process.env);
    // What is missing is told before anything is served, and before it takes the time to load what reads it.
    readConfig(process.env, settings);
    const address = await serve(async () => (await load())(process.env, runtime.log), runtime);
    runtime.log.info({ listeningAt: address }, 'ready');
  } catch (error) {
    console.error(error instanceof ConfigError ? error.message : error);
    process.exit(1);
  }
}
