import { wasAlerted } from '../../shared/db/critical-alerts.ts';
import { findReport, noSuchReport, type PractitionerFilter, type ReportId } from '../../shared/db/lab-reports.ts';
import { listProxiedPatients, mustBePatient } from '../../shared/db/patients.ts';
import type { Viewer } from '../../shared/db/shown-reports.ts';
import { listStoodInFor } from '../../shared/db/stand-ins.ts';
import type { ReportRow } from '../../shared/db/schema/laboratory.ts';
import { type Caller, hasRole, maySelect, roleTowards } from '../../shared/domain/caller.ts';
import type { Deps } from './deps.ts';

type Access = Pick<Deps, 'db' | 'patients' | 'practitioners' | 'now'>;

/** Whom an identity provider names otherwise is no patient or practitioner of ours. */
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/**
 * Finds a report and as whom the caller sees it. Throws `not-found` for one that they may not see as for one that is not there.
 * A practitioner sees the reports they ordered and those that they, or whom they stand in for, were alerted to: no other tie to
 * a patient is published.
 */
export async function reachReport(
  access: Access,
  caller: Caller,
  id: ReportId,
): Promise<{ report: ReportRow; viewer: Viewer }> {
  const report = await findReport(access.db, id);
  const viewer = report && (await viewerOf(access, caller, report));
  if (!viewer) throw noSuchReport();
  return { report, viewer };
}

async function viewerOf(access: Access, caller: Caller, report: ReportRow): Promise<Viewer | undefined> {
  const { patientId, practitionerId } = report;
  const parties = { patientId, ...(practitionerId !== null && { practitionerId }) };
  const role = roleTowards(caller, parties, await proxiedFor(access, caller, patientId));
  if (role !== undefined && role !== 'patient') return 'clinician';
  if (await isAlerted(access, caller, report)) return 'clinician';
  return role === 'patient' && report.releasedAt ? 'patient' : undefined;
}

/** Throws `not-found` unless the report is the practitioner's, or the caller is an office. */
export async function reachAsClinician(access: Access, caller: Caller, id: ReportId): Promise<ReportRow> {
  const { report, viewer } = await reachReport(access, caller, id);
  if (viewer !== 'clinician') throw noSuchReport();
  return report;
}

async function isAlerted(access: Access, caller: Caller, { id, country }: ReportRow): Promise<boolean> {
  const practitionerIds = await actsAs(access, caller, country);
  return practitionerIds.length > 0 && wasAlerted(access.db, id, practitionerIds);
}

/** The practitioners whose alerts the caller answers: their own, and of those they stand in for. Nobody's for who is none. */
export async function actsAs(
  { practitioners, now }: Pick<Access, 'practitioners' | 'now'>,
  caller: Caller,
  country: string,
): Promise<readonly string[]> {
  if (asPractitioner(caller) === undefined) return [];
  return [caller.subject, ...(await listStoodInFor(practitioners, country, caller.subject, now()))];
}

/** Which of a patient's reports the caller sees, and as whom. Throws `forbidden`, then `not-found` for nobody. */
export async function mustSeePatient(
  access: Access,
  caller: Caller,
  { country, id: named }: { country: string; id: string },
): Promise<{ viewer: Viewer; practitioner: PractitionerFilter | undefined }> {
  const id = named.toLowerCase();
  const proxied = await proxiedFor(access, caller, id);
  const role = roleTowards(caller, { patientId: id }, proxied) ?? asPractitioner(caller);
  if (role === undefined) maySelect(caller, { patientId: id }, proxied);
  await mustBePatient(access.patients, country, id);
  const viewer = role === 'patient' ? 'patient' : 'clinician';
  if (role !== 'practitioner') return { viewer, practitioner: undefined };
  return { viewer, practitioner: { id: caller.subject, actsAs: await actsAs(access, caller, country) } };
}

function asPractitioner(caller: Caller): 'practitioner' | undefined {
  return hasRole(caller, 'practitioner') && UUID.test(caller.subject) ? 'practitioner' : undefined;
}

/** Throws `forbidden` unless it is the caller's own, or of somebody they act for, or the caller is an office. */
export async function mustActForPatient(
  access: Access,
  caller: Caller,
  { country, id: named }: { country: string; id: string },
): Promise<void> {
  const id = named.toLowerCase();
  maySelect(caller, { patientId: id }, await proxiedFor(access, caller, id));
  await mustBePatient(access.patients, country, id);
}

/** Whom the caller acts for: looked up only where it decides. */
async function proxiedFor({ patients, now }: Access, caller: Caller, patientId: string): Promise<readonly string[]> {
  const mayBeProxy = hasRole(caller, 'patient') && patientId !== caller.subject && UUID.test(caller.subject);
  return mayBeProxy ? listProxiedPatients(patients, caller.subject, now()) : [];
}
