import type { OperationOutcome, OperationOutcomeIssue } from '@medplum/fhirtypes';

import { faultCodes, type LabFault } from '../domain/lab-fault.ts';

const kinds: Readonly<Partial<Record<LabFault['code'], OperationOutcomeIssue['code']>>> = {
  [faultCodes.requiredFieldMissing]: 'required',
  [faultCodes.dataType]: 'value',
  [faultCodes.tableValueNotFound]: 'code-invalid',
  [faultCodes.segmentSequence]: 'structure',
  [faultCodes.tooLong]: 'too-long',
  [faultCodes.unsupportedMessageType]: 'not-supported',
  [faultCodes.duplicateKey]: 'duplicate',
  [faultCodes.unknownKey]: 'not-found',
  [faultCodes.internal]: 'exception',
};

/** FHIR R4 OperationOutcome: each fault with its place, or that all is well. */
export function toOperationOutcome(faults: readonly LabFault[]): OperationOutcome {
  const issue = faults.map(toIssue);
  return {
    resourceType: 'OperationOutcome',
    issue: issue.length > 0 ? issue : [{ severity: 'information', code: 'informational' }],
  };
}

function toIssue({ severity, code, expression, text }: LabFault): OperationOutcomeIssue {
  return {
    severity,
    code: kinds[code] ?? 'invalid',
    diagnostics: text,
    ...(expression !== undefined && { expression: [expression] }),
  };
}
