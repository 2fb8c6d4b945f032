import type { Queryable } from '../../shared/db/client.ts';
import { listReportsWith, takeReport } from '../../shared/db/lab-reports.ts';
import {
  keepLocalCodes,
  listCriticalLimits,
  type NewLocalCode,
  shareLocalCodes,
  takeUnheardCodes,
} from '../../shared/db/local-codes.ts';
import { enqueue, type OutgoingEvent } from '../../shared/db/outbox.ts';
import { listPractitionerIds } from '../../shared/db/practitioner-ids.ts';
import { laboratoryOutbox } from '../../shared/db/schema/laboratory.ts';
import { type LabMessage, type LabObservation, type LabReport, loincIn } from '../../shared/domain/lab-report.ts';
import { applyReport, type Vocabulary } from './apply-report.ts';
import type { At, Deps } from './deps.ts';
import { findPatient, type FoundPatient } from './find-patient.ts';
import { idOf } from '../../shared/db/derived-ids.ts';
import { isDocument, localCodeOf, type LocalCode, observationIdOf, reportIdOf } from './merge-report.ts';

export type MessageToApply = {
  readonly message: LabMessage;
  readonly receivedAt: Temporal.Instant;
  /** Where it was sent to; null where that is told by its patient. */
  readonly country: string | null;
};

export type Applied =
  | { readonly isApplied: true; readonly country: string | undefined; readonly events: readonly OutgoingEvent[] }
  /** Nothing of it was: it is not certain whose it is. */
  | { readonly isApplied: false; readonly reasons: readonly string[] };

/** Applies all of a message whose reports are taken, or nothing where one of them may be another's. */
export async function applyMessage(deps: Deps, tx: Queryable, toApply: MessageToApply, at: At): Promise<Applied> {
  const { sender, reports } = toApply.message;
  const patients: FoundPatient[] = [];
  const reasons = new Set<string>();
  const byOrder = new Map<string, string>();
  for (const report of reports) {
    const found = await findPatient(deps, tx, { sender, report, country: toApply.country });
    if ('reasons' in found) for (const reason of found.reasons) reasons.add(reason);
    else if (isOfAnother(byOrder, report, found)) reasons.add('order-of-another');
    else patients.push(found);
  }
  if (reasons.size > 0) return { isApplied: false, reasons: [...reasons].toSorted() };
  const events = await applyFor(deps, tx, toApply, patients, at);
  return { isApplied: true, country: patients[0]?.country, events };
}

/** Nothing of a message is known before all of it is: two of its reports may name one order for two patients. */
function isOfAnother(byOrder: Map<string, string>, { fillerOrder }: LabReport, { patientId }: FoundPatient): boolean {
  const first = byOrder.getOrInsert(fillerOrder.value, patientId);
  return first !== patientId;
}

/** Applies a message for the patients of its reports, in their order. */
export async function applyFor(
  deps: Deps,
  tx: Queryable,
  { message, receivedAt }: MessageToApply,
  patients: readonly FoundPatient[],
  at: At,
): Promise<OutgoingEvent[]> {
  const { sender, sentAt, reports } = message;
  const country = patients[0]?.country ?? '';
  const vocabulary = await readVocabulary(tx, message, country);
  const practitioners = await knownPractitioners(deps, reports, country);
  const events: OutgoingEvent[] = [];
  for (const [index, report] of reports.entries()) {
    const patient = patients[index];
    if (!patient) throw new Error('A report has no patient');
    const practitionerId = report.orderedBy.map(({ value }) => value.toLowerCase()).find((id) => practitioners.has(id));
    const telling = { sender, sentAt, receivedAt, now: at.now, ...patient, practitionerId, report };
    events.push(...(await applyReport(tx, telling, vocabulary, at)));
  }
  await enqueue(tx, laboratoryOutbox, events);
  return events;
}

/**
 * Takes what all messages of a transaction need: first what their codes mean, then their reports by order, each in one order.
 * What two of them say of an observation meets, and nobody waits in a circle.
 */
export async function takeReports(tx: Queryable, messages: readonly LabMessage[]): Promise<void> {
  const idsBy = (list: (sender: string, report: LabReport) => string[]) => [
    ...new Set(messages.flatMap(({ sender, reports }) => reports.flatMap((report) => list(sender, report)))),
  ];
  const codes = idsBy((sender, report) => localCodesOf([report]).map((code) => localCodeId(sender, code)));
  await shareLocalCodes(tx, codes);
  await takeUnheardCodes(tx, codes);
  // By its number alone, as `listPatientsOfOrder` asks for whose it is.
  const orders = idsBy((sender, { fillerOrder }) => [idOf('order', sender, fillerOrder.value)]);
  for (const id of orders.toSorted()) await takeReport(tx, id);
  // What is said of an observation may concern another report, which it was in until then: nobody moves it meanwhile.
  const observations = idsBy((sender, report) =>
    report.observations.map((one) => observationIdOf(sender, report, one)),
  );
  const former = await listReportsWith(tx, observations);
  const reports = new Set([...idsBy((sender, report) => [reportIdOf(sender, report)]), ...former]);
  for (const id of [...reports].toSorted()) await takeReport(tx, id);
}

/** Makes a task of each code that nobody has heard of, and reads what is known of the others. */
async function readVocabulary(tx: Queryable, message: LabMessage, country: string): Promise<Vocabulary> {
  const observations = message.reports.flatMap((report) => report.observations);
  const locals = localCodesOf(message.reports).map((code) => newCode(message.sender, country, code));
  const kept = await keepLocalCodes(tx, [...new Map(locals.map((code) => [code.id, code])).values()]);
  const known = new Map(kept.flatMap(({ id, loinc }) => (loinc === null ? [] : [[id, loinc] as const])));
  const loincs = [...observations.flatMap((observation) => loincIn(observation) ?? []), ...known.values()];
  return {
    loincOf: (local) => known.get(localCodeId(message.sender, local)),
    limits: await listCriticalLimits(tx, [...new Set(loincs)]),
  };
}

/** The codes that need somebody to say what they mean. */
function localCodesOf(reports: readonly LabReport[]): LocalCode[] {
  const needsCode = (observation: LabObservation) => loincIn(observation) === undefined && !isDocument(observation);
  return reports.flatMap(({ observations }) => observations.filter(needsCode).map(localCodeOf));
}

function newCode(sender: string, country: string, { system, code, display }: LocalCode): NewLocalCode {
  return { id: localCodeId(sender, { system, code }), country, sender, system, code, display: display ?? null };
}

function localCodeId(sender: string, { system, code }: LocalCode): string {
  return idOf('code', sender, system, code);
}

async function knownPractitioners(
  { practitioners }: Deps,
  reports: readonly LabReport[],
  country: string,
): Promise<ReadonlySet<string>> {
  const named = reports.flatMap(({ orderedBy }) => orderedBy.map(({ value }) => value.toLowerCase()));
  return new Set(await listPractitionerIds(practitioners, country, named.filter(isUuid)));
}

function isUuid(text: string): boolean {
  return /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/.test(text);
}
