import * as api from '../../schemas/api/lab-results.ts';
import type { Route } from '../../shared/runtime/function.ts';
import { route } from '../../shared/runtime/route.ts';
import { acknowledgeCriticalResult, listCriticalResults, saveDutyClinician } from './critical-results.ts';
import { releaseResult, reviewResult } from './decide-release.ts';
import type { Deps } from './deps.ts';
import { getResult } from './get-result.ts';
import { getResultDocument } from './get-result-document.ts';
import { listPatientResults } from './list-patient-results.ts';
import { listUnmappedCodes, mapLocalCode } from './local-codes.ts';
import {
  discardQuarantinedMessage,
  listQuarantinedMessages,
  readQuarantinedMessage,
  releaseQuarantinedMessage,
} from './quarantined-messages.ts';
import { saveReleasePreference } from './save-release-preference.ts';
import { submitLabResults } from './submit-lab-results.ts';

export function routesOf(deps: Deps): Route[] {
  return [
    route(api.submitLabResults, submitLabResults(deps)),
    route(api.listPatientResults, listPatientResults(deps)),
    route(api.getResult, getResult(deps)),
    route(api.getResultDocument, getResultDocument(deps)),
    route(api.reviewResult, reviewResult(deps)),
    route(api.releaseResult, releaseResult(deps)),
    route(api.saveReleasePreference, saveReleasePreference(deps)),
    route(api.listCriticalResults, listCriticalResults(deps)),
    route(api.acknowledgeCriticalResult, acknowledgeCriticalResult(deps)),
    route(api.saveDutyClinician, saveDutyClinician(deps)),
    route(api.listQuarantinedMessages, listQuarantinedMessages(deps)),
    route(api.readQuarantinedMessage, readQuarantinedMessage(deps)),
    route(api.releaseQuarantinedMessage, releaseQuarantinedMessage(deps)),
    route(api.discardQuarantinedMessage, discardQuarantinedMessage(deps)),
    route(api.listUnmappedCodes, listUnmappedCodes(deps)),
    route(api.mapLocalCode, mapLocalCode(deps)),
  ];
}
