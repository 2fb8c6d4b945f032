import type * as z from 'zod';

import type * as api from '../../schemas/api/lab-results.ts';
import {
  listCodesToReplay,
  listUnmappedCodes as list,
  lockLocalCode,
  mapLocalCode as map,
} from '../../shared/db/local-codes.ts';
import { replayCode } from '../../shared/db/parked-results.ts';
import type { LocalCodeRow } from '../../shared/db/schema/laboratory.ts';
import { AppError } from '../../shared/errors.ts';
import type { Operation, RequestContext } from '../../shared/runtime/function.ts';
import { commit } from './commit.ts';
import type { Deps } from './deps.ts';
import { readIdCursor, writeIdCursor } from './cursor.ts';

/** `GET /{country}/lab-codes`: codes that results wait for. */
export function listUnmappedCodes({ db }: Deps): Operation<typeof api.listUnmappedCodes> {
  return async ({ country, cursor, limit }) => {
    const found = await list(db, country, { after: readIdCursor(cursor), limit: limit + 1 });
    const items = found.slice(0, limit);
    const last = found.length > limit ? items.at(-1) : undefined;
    return { body: { items: items.map(representCode), nextCursor: last ? writeIdCursor(last.id) : null } };
  };
}

/** How many reports whoever maps a code waits for; the cron sees to those that are more, and to what fails. */
const FIRST_REPORTS = 100;
const FIRST_MS = 10_000;

/** `POST /{country}/lab-codes/{id}/map`: what waits for the code is seen to then, a report a transaction, and nothing is dropped. */
export function mapLocalCode(deps: Deps): Operation<typeof api.mapLocalCode> {
  return async ({ country, id, loinc }, context) => {
    const answer = await commit(deps, context, async (tx, at) => {
      const code = await lockLocalCode(tx, country, id);
      if (code.loinc !== null && code.loinc !== loinc)
        throw new AppError('conflict', 'The code is mapped to another.', { loinc: code.loinc });
      await map(tx, id, { loinc, mappedBy: context.caller.subject, mappedAt: at.now });
      return { body: representCode({ ...code, loinc }) };
    });
    await replayFirst(deps, id, context);
    return answer;
  };
}

async function replayFirst({ db, now, publish }: Deps, id: string, { traceparent }: RequestContext): Promise<void> {
  const during = { now: now(), traceparent, signal: AbortSignal.timeout(FIRST_MS) };
  const [code] = await listCodesToReplay(db, { limit: 1, id });
  if (!code) return;
  const { events } = await replayCode(db, code, during, FIRST_REPORTS);
  publish(events.map(({ partitionKey }) => partitionKey));
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
