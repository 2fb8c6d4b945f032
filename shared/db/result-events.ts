import { randomUUIDv7 } from 'node:crypto';

import * as events from '../../schemas/events/lab-result.v1.ts';
import { outgoing, type OutgoingEvent } from './outbox.ts';
import type { AlertRow, ReportRow } from './schema/laboratory.ts';

type At = { readonly now: Temporal.Instant; readonly traceparent: string };

/** That its patient sees a report, or more of it, from now on. */
export function resultReleased(report: ReportRow, at: At): OutgoingEvent {
  const releasedAt = at.now.toString();
  const ofKit = report.testKitId !== null && { testKitId: report.testKitId };
  return outgoing(events.ResultReleased, { ...about(report, at), data: { ...reportOf(report), releasedAt, ...ofKit } });
}

export function resultCorrected(report: ReportRow, at: At): OutgoingEvent {
  const data = { ...reportOf(report), correctedAt: at.now.toString() };
  return outgoing(events.ResultCorrected, { ...about(report, at), data });
}

export function resultRetracted(report: ReportRow, at: At): OutgoingEvent {
  const data = { ...reportOf(report), retractedAt: at.now.toString() };
  return outgoing(events.ResultRetracted, { ...about(report, at), data });
}

/** An alert that somebody can be told of. */
export type AddressedAlert = AlertRow & { readonly practitionerId: string };

export function criticalRaised(alert: AddressedAlert, at: At): OutgoingEvent {
  return outgoing(events.CriticalResultRaised, { ...aboutAlert(alert, at), data: alertOf(alert) });
}

export function criticalEscalated(alert: AddressedAlert, at: At): OutgoingEvent {
  const data = { ...alertOf(alert), step: alert.step };
  return outgoing(events.CriticalResultEscalated, { ...aboutAlert(alert, at), data });
}

export function criticalAcknowledged(alert: AddressedAlert, at: At): OutgoingEvent {
  const data = { ...alertOf(alert), acknowledgedAt: (alert.acknowledgedAt ?? at.now).toString() };
  return outgoing(events.CriticalResultAcknowledged, { ...aboutAlert(alert, at), data });
}

/** Keyed by patient, so that what concerns one stays in order. */
function about({ id, patientId }: Pick<ReportRow, 'id' | 'patientId'>, { now, traceparent }: At) {
  return { id: randomUUIDv7(), subject: id, partitionKey: patientId, time: now, traceparent };
}

function aboutAlert({ id, patientId }: AlertRow, at: At) {
  return about({ id, patientId }, at);
}

function reportOf({ id, version, country, patientId }: ReportRow) {
  return { reportId: id, version, country, patientId };
}

function alertOf({ id, reportId, reportVersion, country, patientId, practitionerId, raisedAt }: AddressedAlert) {
  const report = { reportId, version: reportVersion, country, patientId };
  return { ...report, alertId: id, practitionerId, raisedAt: raisedAt.toString() };
}
