import { fileURLToPath } from 'node:url';

/** Where downloads are kept between runs. */
export function careflowHome(): string {
  return process.env['CAREFLOW_HOME'] ?? fileURLToPath(new URL('../../../.careflow', import.meta.url));
}
