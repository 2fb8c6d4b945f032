import type * as z from 'zod';

import type * as api from '../../schemas/api/lab-results.ts';
import type { Queryable } from '../../shared/db/client.ts';
import { destroyMessageKey } from '../../shared/db/lab-messages.ts';
import {
  decideQuarantined,
  getQuarantined,
  listQuarantined,
  lockQuarantined,
  type QuarantineRow,
  type Reach,
} from '../../shared/db/lab-quarantine.ts';
import type { OutgoingEvent } from '../../shared/db/outbox.ts';
import { listPatientsOfOrder } from '../../shared/db/lab-reports.ts';
import { hasPatient } from '../../shared/db/patients.ts';
import type { Caller } from '../../shared/domain/caller.ts';
import type { LabMessage, LabReport } from '../../shared/domain/lab-report.ts';
import { AppError } from '../../shared/errors.ts';
import type { Operation } from '../../shared/runtime/function.ts';
import { applyFor, applyMessage, takeReports } from './apply-message.ts';
import { commit } from './commit.ts';
import { pageOf, readCursor } from './cursor.ts';
import type { At, Deps } from './deps.ts';
import { findKit } from './find-patient.ts';
import { type LabContent, readContent } from './lab-content.ts';
import { openMessage } from './sealed-message.ts';

/** `GET /{country}/lab-quarantine`: why and when, nothing of what the messages say. */
export function listQuarantinedMessages({ db }: Deps): Operation<typeof api.listQuarantinedMessages> {
  return async ({ country, cursor, limit }, { caller }) => {
    const place = readCursor(cursor);
    const after = place && { receivedAt: place.at, id: place.id };
    const found = await listQuarantined(db, reachOf(caller, country), { after, limit: limit + 1 });
    const page = pageOf(found, limit, ({ receivedAt, id }) => ({ at: receivedAt, id }));
    return { body: { ...page, items: page.items.map(representQuarantined) } };
  };
}

/** `GET /{country}/lab-quarantine/{id}`: the message as it came, for whoever has to decide. */
export function readQuarantinedMessage({ db }: Deps): Operation<typeof api.readQuarantinedMessage> {
  return async ({ country, id }, { caller }) => {
    const { mediaType, text } = await contentOf(db, await getQuarantined(db, reachOf(caller, country), id));
    return { written: text, mediaType };
  };
}

/**
 * `POST /{country}/lab-quarantine/{id}/release`: applies it, for the patient that is named or for whom it leads to by now.
 * Throws `conflict` where that is nobody for certain, or it was decided on before.
 */
export function releaseQuarantinedMessage(deps: Deps): Operation<typeof api.releaseQuarantinedMessage> {
  return async ({ country, id, patientId }, context) => {
    if (patientId !== undefined && !(await hasPatient(deps.patients, country, patientId))) {
      throw new AppError('not-found', 'There is no such patient.');
    }
    return commit(deps, context, async (tx, at) => {
      const row = await lockQuarantined(tx, reachOf(context.caller, country), id);
      const message = await readAgain(deps, await contentOf(tx, row), country);
      const events =
        patientId === undefined
          ? await applyAsItIs(deps, tx, { row, message, country }, at)
          : await applyForOne(deps, tx, { row, message, country }, patientId, at);
      return { body: await decide(tx, row, 'released', context.caller.subject, at), events };
    });
  };
}

/** `POST /{country}/lab-quarantine/{id}/discard`. Throws `conflict` where it was decided on before. */
export function discardQuarantinedMessage(deps: Deps): Operation<typeof api.discardQuarantinedMessage> {
  return async ({ country, id }, context) =>
    commit(deps, context, async (tx, at) => {
      const row = await lockQuarantined(tx, reachOf(context.caller, country), id);
      mustWait(row);
      return { body: await decide(tx, row, 'discarded', context.caller.subject, at) };
    });
}

function reachOf(caller: Caller, country: string): Reach {
  return { country, isUnbound: caller.country === undefined };
}

type Waiting = { readonly row: QuarantineRow; readonly message: LabMessage; readonly country: string };

async function applyAsItIs(
  deps: Deps,
  tx: Queryable,
  { row, message, country }: Waiting,
  at: At,
): Promise<readonly OutgoingEvent[]> {
  await takeReports(tx, [message]);
  const applied = await applyMessage(deps, tx, { message, receivedAt: row.receivedAt, country }, at);
  if (applied.isApplied) return applied.events;
  throw new AppError('conflict', 'It is still not certain whose results these are: name the patient.', {
    details: applied.reasons,
  });
}

/** Whoever decides has seen one patient in it: a message about several is not theirs to give to one. */
async function applyForOne(
  deps: Deps,
  tx: Queryable,
  { row, message, country }: Waiting,
  patientId: string,
  at: At,
): Promise<readonly OutgoingEvent[]> {
  const named = new Set(message.reports.map(({ patient }) => JSON.stringify(patient)));
  if (named.size > 1) throw new AppError('unprocessable', 'The message is about more than one patient.');
  await takeReports(tx, [message]);
  const patient = { patientId: patientId.toLowerCase(), country };
  for (const { fillerOrder } of message.reports)
    await mustBeTheirs(tx, message.sender, fillerOrder.value, patient.patientId);
  const kitted = async (report: LabReport) => ({
    ...patient,
    testKitId: await findKit(deps, report, patient.patientId),
  });
  const patients = await Promise.all(message.reports.map(kitted));
  return applyFor(deps, tx, { message, receivedAt: row.receivedAt, country }, patients, at);
}

/** What is said of an order joins what was said of it before: nobody can give it to another patient. */
async function mustBeTheirs(tx: Queryable, sender: string, fillerOrder: string, patientId: string): Promise<void> {
  const known = await listPatientsOfOrder(tx, sender, fillerOrder);
  if (known.some((id) => id !== patientId)) throw new AppError('conflict', 'The order is another patient’s.');
}

async function readAgain(deps: Deps, content: LabContent, country: string): Promise<LabMessage> {
  const [read] = await readContent({ ...content, bytes: Buffer.from(content.text) }, { ...deps, country });
  if (read?.outcome === 'parsed') return read.message;
  throw new AppError('conflict', 'The message cannot be read: it can only be discarded.');
}

async function contentOf(db: Queryable, row: QuarantineRow): Promise<LabContent> {
  mustWait(row);
  const content = await openMessage(db, row.messageId, row.sealed);
  if (content === undefined) throw new AppError('conflict', 'What was kept of the message has been erased.');
  return content;
}

function mustWait({ state }: QuarantineRow): void {
  if (state !== 'waiting') throw new AppError('conflict', `The message was ${state} before.`);
}

async function decide(
  tx: Queryable,
  row: QuarantineRow,
  state: 'released' | 'discarded',
  decidedBy: string,
  { now }: At,
) {
  await decideQuarantined(tx, row.id, { state, decidedBy, decidedAt: now });
  await destroyMessageKey(tx, row.messageId);
  return representQuarantined({ ...row, state });
}

type Quarantined = z.infer<typeof api.discardQuarantinedMessage.output>;

function representQuarantined(row: QuarantineRow): Quarantined {
  const { id, sender, controlId, mediaType, reason, details, receivedAt, state } = row;
  return { id, sender, controlId, mediaType, reason, details, receivedAt: receivedAt.toString(), state };
}
