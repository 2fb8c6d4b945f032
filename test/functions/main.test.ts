import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

import { describe, expect, it } from 'vitest';

import { workloads } from '../../functions/workloads.ts';

const main = fileURLToPath(new URL('../../functions/main.ts', import.meta.url));

async function endOf(...argv: readonly string[]): Promise<{ readonly code: unknown; readonly told: string }> {
  const child = spawn(process.execPath, [main, ...argv], { env: { PORT: '0' }, stdio: ['ignore', 'pipe', 'pipe'] });
  const exited = once(child, 'exit');
  const told = (await Promise.all([text(child.stdout), text(child.stderr)])).join('');
  const [code]: unknown[] = await exited;
  return { code, told };
}

describe('main.ts', () => {
  it.each(workloads)('tells all that %s lacks, serves nothing and exits with 1', async (name) => {
    const { code, told } = await endOf(name);
    expect(code).toBe(1);
    expect(told).toMatch(/^The environment is not complete:\n( {2}\w+ is not set.*\n){2,}$/);
  });

  it('names the functions there are where it is given none of them', async () => {
    expect(await endOf('nonesuch')).toEqual({ code: 1, told: `Name a function to serve: ${workloads.join(', ')}\n` });
  });
});
