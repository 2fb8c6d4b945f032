import { newPiece } from '../../shared/domain/lab-piece.ts';
import {
  embeddedUrl,
  hasOwnWord,
  LOINC,
  type LabDocument,
  type LabObservation,
  type LabReport,
  loincIn,
  reportIdentity,
} from '../../shared/domain/lab-report.ts';
import { categoryOfSection, strictestOf } from '../../shared/domain/lab-release.ts';
import { isConclusive } from '../../shared/domain/lab-status.ts';
import { instantOf, type LabTime } from '../../shared/domain/lab-time.ts';
import {
  changeOf,
  compareTexts,
  compareVersions,
  contentOf,
  type LabChange,
  reportChangeOf,
  type Versioned,
  versionOf,
} from '../../shared/domain/lab-version.ts';
import type { DocumentRow, ReportVersionRow } from '../../shared/db/lab-reports.ts';
import { withOwnPiece } from '../../shared/db/result-release.ts';
import type {
  ObservationRow,
  ObservationVersionRow,
  ReportContent,
  ReportRow,
} from '../../shared/db/schema/laboratory.ts';
import { digestOf, idOf } from '../../shared/db/derived-ids.ts';

/** What a message says of a report, and of whom and from whom. */
export type Telling = {
  readonly sender: string;
  readonly sentAt: LabTime | undefined;
  readonly receivedAt: Temporal.Instant;
  /** When it is joined to what is known. */
  readonly now: Temporal.Instant;
  readonly country: string;
  readonly patientId: string;
  readonly practitionerId: string | undefined;
  readonly testKitId?: string | undefined;
  readonly report: LabReport;
};

/** What is known of it, and what its codes mean. */
export type Known = {
  readonly report: ReportRow | undefined;
  /** What was said of the report; needed only where the message names another who ordered it. */
  readonly versions: readonly ReportVersionRow[];
  /** By id. */
  readonly observations: ReadonlyMap<string, ObservationRow>;
  /** The LOINC code of a local one, if somebody has said it. */
  readonly loincOf: (local: LocalCode) => string | undefined;
  readonly isCritical: (observation: LabObservation, loinc: string | null) => boolean;
};

export type LocalCode = { readonly system: string; readonly code: string; readonly display?: string | undefined };

export type Merged = {
  readonly report: Omit<ReportRow, 'version'>;
  readonly reportVersions: readonly ReportVersionRow[];
  readonly reportChange: LabChange;
  /** Those that are not as they were. */
  readonly observations: readonly MergedObservation[];
  readonly observationVersions: readonly ObservationVersionRow[];
  readonly documents: readonly DocumentRow[];
};

export type MergedObservation = {
  readonly before: ObservationRow | undefined;
  readonly after: ObservationRow;
  readonly change: LabChange;
};

export function reportIdOf(sender: string, report: LabReport): string {
  return idOf('report', sender, reportIdentity(report));
}

export function observationIdOf(sender: string, { fillerOrder }: LabReport, { identity }: LabObservation): string {
  return idOf('observation', sender, fillerOrder.system, fillerOrder.value, identity);
}

/** Joins what is said to what is known: the newest stands, whichever came first, and each thing that was said is kept. */
export function mergeReport(telling: Telling, known: Known): Merged {
  const { sender, report } = telling;
  const id = reportIdOf(sender, report);
  const keep = documentKeeper(id);
  const version = reportVersion(telling, id, keep);
  const current = known.report;
  const isNewer = !current || compareReports(current, version) < 0;
  const said = categoryOfSection(report.section);
  const settled = {
    testKitId: current?.testKitId ?? telling.testKitId ?? null,
    category: current ? strictestOf(current.category, said) : said,
    practitionerId: ordererOf(telling, version, known) ?? null,
    conclusiveAt: current?.conclusiveAt ?? (isFinalWord(telling) ? telling.now : null),
  };
  const tellings = report.observations.map((one) => tellingOf(telling, id, one, keep));
  return {
    report: { ...(current && !isNewer ? current : newestReport(telling, version, current)), ...settled },
    reportVersions: [version],
    reportChange: isNewer ? reportChangeOf(current && versionOf(current), versionOf(version)) : 'repeated',
    observations: tellings.flatMap((one) => mergeObservation(one, telling, known)),
    observationVersions: tellings.map(({ version: each }) => each),
    documents: keep.kept(),
  };
}

/** A total order also of tellings that differ in nothing that anybody is told of, such as who ordered. */
function compareReports(one: ReportRow, other: ReportVersionRow): number {
  return (
    compareVersions(versionOf(one), versionOf(other)) ||
    compareTexts(JSON.stringify(one.content), JSON.stringify(other.content))
  );
}

/** Whether the laboratory stands by what the report says of its own, or by that there is nothing in it. */
function isFinalWord({ report }: Telling): boolean {
  return isConclusive(report.status) && (hasOwnWord(report) || report.observations.length === 0);
}

function newestReport(telling: Telling, version: ReportVersionRow, current: ReportRow | undefined) {
  const { sender, sentAt, receivedAt, country, patientId, report } = telling;
  const { status, content, changedAt, digest } = version;
  const { releaseAt, heldBecause, releasedAt } = newPiece;
  const unreleased = withOwnPiece({ releaseAt, heldBecause, releasedAt }, newPiece);
  return {
    ...(current ?? { ...unreleased, id: version.reportId, country, patientId }),
    sender,
    fillerOrder: report.fillerOrder.value,
    identity: reportIdentity(report),
    status,
    content,
    changedAt,
    sentAt: sentAt ?? null,
    digest,
    effectiveAt: firstOf([report.observedAt, report.statusChangedAt, sentAt]) ?? receivedAt,
  };
}

/** Who the newest says ordered it that says so at all. */
function ordererOf(telling: Telling, version: ReportVersionRow, { report: current, versions }: Known) {
  const before = current?.practitionerId ?? undefined;
  const { practitionerId: said } = telling;
  if (said === undefined || before === undefined) return said ?? before;
  const naming = versions.filter(({ content }) =>
    content.orderedBy.some(({ value }) => value.toLowerCase() === before),
  );
  const compare = (one: ReportVersionRow) =>
    compareVersions(versionOf(one), versionOf(version)) || (before < said ? -1 : 1);
  return naming.every((one) => compare(one) < 0) ? said : before;
}

function reportVersion({ report, sentAt }: Telling, reportId: string, keep: Keep): ReportVersionRow {
  const { observations: _, patient: _patient, ...said } = report;
  const { service, status, statusCode, section, specimens, documents, notes } = said;
  const digest = digestOf(JSON.stringify([service, status, statusCode, section, specimens, documents, notes]));
  const content: ReportContent = { ...said, documents: documents.map(keep.detach) };
  const changedAt = report.statusChangedAt ?? sentAt ?? null;
  const telling = digestOf(JSON.stringify([changedAt, sentAt, digest, content]));
  return { reportId, telling, status, content, changedAt, sentAt: sentAt ?? null, digest };
}

type ToldObservation = {
  readonly said: LabObservation;
  readonly reportId: string;
  readonly version: ObservationVersionRow;
};

function tellingOf(telling: Telling, reportId: string, said: LabObservation, keep: Keep): ToldObservation {
  const { sender, sentAt = null, report } = telling;
  const changedAt = report.statusChangedAt ?? sentAt;
  const analysedAt = said.analysedAt ?? null;
  const digest = digestOf(contentOf(said));
  const values = said.values.map((value) =>
    value.type === 'document' ? { ...value, document: keep.detach(value.document) } : value,
  );
  const content = { ...said, values };
  return {
    said,
    reportId,
    version: {
      observationId: observationIdOf(sender, report, said),
      telling: digestOf(JSON.stringify([reportId, changedAt, analysedAt, sentAt, digest, content])),
      status: said.status,
      content,
      changedAt,
      analysedAt,
      sentAt,
      digest,
    },
  };
}

function mergeObservation(
  { said, reportId, version }: ToldObservation,
  { patientId, report, receivedAt, now }: Telling,
  { observations, loincOf, isCritical }: Known,
): MergedObservation[] {
  const { observationId: id, telling: _, ...newest } = version;
  const before = observations.get(id);
  const times = [said.observedAt, report.observedAt, said.analysedAt, report.statusChangedAt, newest.sentAt];
  const effectiveAt = firstOf(times) ?? before?.effectiveAt ?? receivedAt;
  const isOlder = before && compareObservations(before, { ...version, reportId, effectiveAt }) >= 0;
  const conclusiveAt = before?.conclusiveAt ?? (isConclusive(version.status) ? now : null);
  if (isOlder) {
    if (before.conclusiveAt === conclusiveAt) return [];
    return [{ before, after: { ...before, conclusiveAt }, change: 'repeated' }];
  }
  const local = localCodeOf(said);
  const loinc = loincIn(said) ?? loincOf(local) ?? null;
  const after = {
    ...(before ?? newPiece),
    ...newest,
    id,
    reportId,
    patientId,
    identity: said.identity,
    effectiveAt,
    localSystem: local.system,
    localCode: local.code,
    loinc,
    isParked: loinc === null && !isDocument(said),
    isCritical: isCritical(said, loinc),
    conclusiveAt,
  };
  return [{ before, after, change: changeOf(before && versionOf(before), versionOf(version)) }];
}

type Placed = Versioned & Pick<ObservationRow, 'content' | 'reportId' | 'effectiveAt'>;

/** A total order also of tellings that differ in nothing that anybody is told of, such as a method, or under which report. */
function compareObservations(one: Placed, other: Placed): number {
  const textOf = ({ content, reportId, effectiveAt }: Placed) =>
    JSON.stringify([content, reportId, effectiveAt.toString()]);
  return compareVersions(versionOf(one), versionOf(other)) || compareTexts(textOf(one), textOf(other));
}

/** What its sender calls it: the first code that is none of LOINC's, else its LOINC code, else its name. */
export function localCodeOf({ code: { codings, text = '' } }: LabObservation): LocalCode {
  const coding = codings.find(({ system }) => system !== LOINC) ?? codings[0];
  if (coding === undefined) return { system: '', code: text };
  return { system: coding.system ?? '', code: coding.code, display: coding.display ?? text };
}

/** A document measures nothing: it needs no code that the world knows. */
export function isDocument({ values }: LabObservation): boolean {
  return values.length > 0 && values.every(({ type }) => type === 'document');
}

function firstOf(times: readonly (LabTime | null | undefined)[]): Temporal.Instant | undefined {
  const first = times.find((time) => time !== undefined && time !== null);
  return first === undefined || first === null ? undefined : instantOf(first);
}

type Keep = ReturnType<typeof documentKeeper>;

/** Takes what is embedded out of what is said of it: a version names its document, whose bytes are kept once. */
function documentKeeper(reportId: string) {
  const documents = new Map<string, DocumentRow>();
  return {
    detach: (document: LabDocument): LabDocument => {
      const { data: base64, ...rest } = document;
      if (base64 === undefined) return document;
      const data = Buffer.from(base64, 'base64');
      const id = idOf('document', reportId, document.contentType, digestOf(base64));
      documents.set(id, { id, reportId, contentType: document.contentType, data });
      return { ...rest, url: embeddedUrl(id) };
    },
    kept: () => [...documents.values()],
  };
}
