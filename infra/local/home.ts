import { fileURLToPath } from 'node:url';

/** Where everything local lives: data, logs, jars. `CAREFLOW_HOME` or `.careflow` in the checkout. */
export function careflowHome(): string {
  return process.env['CAREFLOW_HOME'] ?? fileURLToPath(new URL('../../.careflow', import.meta.url));
}
