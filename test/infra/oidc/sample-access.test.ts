import { readdir } from 'node:fs/promises';

import { describe, expect, it } from 'vitest';
import { z } from 'zod';

import { scopesByRole } from '../../../infra/local/oidc/sample-access.ts';
import { roles } from '../../../shared/domain/caller.ts';

const Contract = z.object({ id: z.string(), scope: z.string(), roles: z.array(z.enum(roles)) });
const directory = new URL('../../../schemas/api/', import.meta.url);

async function contracts() {
  const files = (await readdir(directory)).filter((file) => file.endsWith('.ts'));
  const modules = await Promise.all(files.map((file): Promise<object> => import(new URL(file, directory).href)));
  const exported = modules.flatMap((module): unknown[] => Object.values(module));
  return exported.flatMap((value) => Contract.safeParse(value).data ?? []);
}

describe('a token of a role', () => {
  it('carries the scope of every operation open to that role, and no other', async () => {
    const needed = new Map(roles.map((role) => [role, new Set<string>()]));
    for (const contract of await contracts()) {
      for (const role of contract.roles) needed.get(role)?.add(contract.scope);
    }
    for (const role of roles) expect([role, new Set(scopesByRole[role])]).toEqual([role, needed.get(role)]);
  });
});
