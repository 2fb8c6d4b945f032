import { readFile } from 'node:fs/promises';

import { describe, expect, it } from 'vitest';
import { z } from 'zod';

const ROOT = new URL('../../../', import.meta.url);
const read = (path: string) => readFile(new URL(path, ROOT), 'utf8');

const { dependencies } = z
  .object({ dependencies: z.record(z.string(), z.string()) })
  .parse(JSON.parse(await read('package.json')));

const lines = (await read('infra/image/Dockerfile')).split('\n').filter((line) => /^[A-Z]/.test(line));
const serving = lines.slice(lines.findLastIndex((line) => line.startsWith('FROM ')));
const building = lines.slice(0, -serving.length);

/** What follows the instruction at each of its places. */
function argumentsOf(instruction: string, stage: readonly string[]): string[] {
  return stage.filter((line) => line.startsWith(`${instruction} `)).map((line) => line.slice(instruction.length + 1));
}

describe('the image', () => {
  it('serves with the very Node that the tests run on', () => {
    const bases = argumentsOf('FROM', lines).map((base) => base.replace(' AS build', ''));
    expect(new Set(bases)).toEqual(new Set([`node:${dependencies['node']}-bookworm-slim`]));
    expect(process.versions.node).toBe(dependencies['node']);
  });

  it('serves as a user whose number says that it is not root', () => {
    expect(argumentsOf('USER', serving)).toEqual([expect.stringMatching(/^[1-9]\d*:[1-9]\d*$/)]);
  });

  it('leaves what is served to root', () => {
    expect(argumentsOf('COPY', serving)).toEqual([expect.stringContaining('--chown=0:0 ')]);
  });

  it('has the compile cache made where it is served and by whom it is served, and readable', () => {
    const [user] = argumentsOf('USER', serving);
    const [, , from, to] = argumentsOf('COPY', serving)[0]?.split(' ') ?? [];
    const asThatUser = building.slice(building.indexOf(`USER ${user}`) + 1);
    expect(argumentsOf('RUN', asThatUser)).toEqual([`node infra/image/build.ts ${to} && chmod -R a+rX ${to}`]);
    expect(from).toBe(to);
    expect(argumentsOf('ENV', serving)).toEqual([expect.stringContaining(`NODE_COMPILE_CACHE=${to}/compile-cache`)]);
    expect(argumentsOf('ENTRYPOINT', serving)).toEqual([`["node", "${to}/main.mjs"]`]);
  });

  it('is given its function by the manifest alone', () => {
    expect(argumentsOf('CMD', serving)).toEqual([]);
  });

  it('is built of what it names, and sees nothing else', async () => {
    const copied = argumentsOf('COPY', building).flatMap((names) => names.split(' ').slice(0, -1));
    const [first, ...included] = (await read('.dockerignore')).split('\n').filter((line) => /^[*!]/.test(line));
    expect(first).toBe('*');
    expect(included.toSorted()).toEqual(copied.map((name) => `!${name}`).toSorted());
  });
});
