import type * as z from 'zod';

import type * as api from '../../schemas/api/lab-results.ts';
import type { Queryable } from '../../shared/db/client.ts';
import { listReportsParked, takeReport } from '../../shared/db/lab-reports.ts';
import {
  listCriticalLimits,
  listUnmappedCodes as list,
  lockLocalCode,
  mapLocalCode as map,
} from '../../shared/db/local-codes.ts';
import type { OutgoingEvent } from '../../shared/db/outbox.ts';
import type { LocalCodeRow } from '../../shared/db/schema/laboratory.ts';
import { AppError } from '../../shared/errors.ts';
import type { Operation } from '../../shared/runtime/function.ts';
import { commit } from './commit.ts';
import type { At, Deps } from './deps.ts';
import { readIdCursor, writeIdCursor } from './cursor.ts';
import { unparkReport } from './unpark-report.ts';

/** `GET /{country}/lab-codes`: codes that results wait for. */
export function listUnmappedCodes({ db }: Deps): Operation<typeof api.listUnmappedCodes> {
  return async ({ country, cursor, limit }) => {
    const found = await list(db, country, { after: readIdCursor(cursor), limit: limit + 1 });
    const items = found.slice(0, limit);
    const last = found.length > limit ? items.at(-1) : undefined;
    return { body: { items: items.map(representCode), nextCursor: last ? writeIdCursor(last.id) : null } };
  };
}

/** `POST /{country}/lab-codes/{id}/map`: what waits for the code is seen to in the same transaction, and nothing is dropped. */
export function mapLocalCode(deps: Deps): Operation<typeof api.mapLocalCode> {
  return async ({ country, id, loinc }, context) =>
    commit(deps, context, async (tx, at) => {
      const code = await lockLocalCode(tx, country, id);
      if (code.loinc !== null && code.loinc !== loinc)
        throw new AppError('conflict', 'The code is mapped to another.', { loinc: code.loinc });
      await map(tx, id, { loinc, mappedBy: context.caller.subject, mappedAt: at.now });
      const mapped = { ...code, loinc };
      return { body: representCode(mapped), events: await replay(tx, mapped, at) };
    });
}

async function replay(tx: Queryable, code: LocalCodeRow & { loinc: string }, at: At): Promise<OutgoingEvent[]> {
  const limits = await listCriticalLimits(tx, [code.loinc]);
  const parked = await listReportsParked(tx, code);
  // All of them before any is decided on, as whoever applies messages does.
  for (const { id } of parked) await takeReport(tx, id);
  const events: OutgoingEvent[] = [];
  for (const id of parked) events.push(...(await unparkReport(tx, id, code, limits, at)));
  return events;
}

function representCode({
  id,
  sender,
  system,
  code,
  display,
  loinc,
}: LocalCodeRow): z.infer<typeof api.mapLocalCode.output> {
  return { id, sender, system, code, display, loinc };
}
