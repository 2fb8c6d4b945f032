import { setTimeout as delay } from 'node:timers/promises';

import { and, count, eq, gte } from 'drizzle-orm';
import { z } from 'zod';

import { connectDatabase } from '../../shared/db/client.ts';
import { labMessages } from '../../shared/db/schema/laboratory.ts';

/** A message that nobody is shown until somebody has looked at it. */
export type Quarantined = z.infer<typeof Quarantined>;
const Quarantined = z.object({
  id: z.string(),
  sender: z.string(),
  controlId: z.string(),
  reason: z.string(),
  details: z.array(z.string()),
  receivedAt: z.string(),
});

/** A laboratory's code that results wait for. */
export type Unmapped = z.infer<typeof Unmapped>;
const Unmapped = z.object({ sender: z.string(), system: z.string(), code: z.string(), display: z.string().nullable() });

export type Manager = { readonly gateway: string; readonly country: string; readonly token: () => Promise<string> };

export function listQuarantined(manager: Manager): Promise<Quarantined[]> {
  return listAll(manager, 'lab-quarantine', Quarantined);
}

export function listUnmapped(manager: Manager): Promise<Unmapped[]> {
  return listAll(manager, 'lab-codes', Unmapped);
}

async function listAll<Item>(
  { gateway, country, token }: Manager,
  path: string,
  item: z.ZodType<Item>,
): Promise<Item[]> {
  const Page = z.object({ items: z.array(item), nextCursor: z.string().nullable() });
  const items: Item[] = [];
  for (let cursor: string | null = ''; cursor !== null;) {
    const query = new URLSearchParams({ limit: '100', ...(cursor !== '' && { cursor }) });
    const headers = { authorization: `Bearer ${await token()}` };
    const response = await fetch(`${gateway}/${country}/${path}?${query.toString()}`, { headers });
    if (!response.ok) throw new Error(`${path} answers ${response.status}`);
    const page = Page.parse(await response.json());
    items.push(...page.items);
    cursor = page.nextCursor;
  }
  return items;
}

/** Waits until everything that came since has been seen to, and for so long at most. Resolves to how many have not. */
export async function settle(databaseUrl: string, since: Temporal.Instant, deadlineMs: number): Promise<number> {
  const db = connectDatabase(databaseUrl, { applicationName: 'careflow-pour' });
  const isUnseen = and(eq(labMessages.state, 'received'), gte(labMessages.receivedAt, since));
  const endsAt = performance.now() + deadlineMs;
  try {
    for (;;) {
      const [left] = await db.select({ messages: count() }).from(labMessages).where(isUnseen);
      if (!left || left.messages === 0 || performance.now() > endsAt) return left?.messages ?? 0;
      await delay(200);
    }
  } finally {
    await db.$client.end();
  }
}
