import * as api from '../../schemas/api/worker.ts';
import type { Route } from '../../shared/runtime/function.ts';
import { route } from '../../shared/runtime/route.ts';
import type { Deps } from './deps.ts';
import { downloadExport } from './download-export.ts';
import { getErasure } from './get-erasure.ts';
import { getExport } from './get-export.ts';
import { requestErasure } from './request-erasure.ts';
import { requestExport } from './request-export.ts';

export function routesOf(deps: Deps): Route[] {
  return [
    route(api.requestExport, requestExport(deps)),
    route(api.getExport, getExport(deps)),
    route(api.downloadExport, downloadExport(deps)),
    route(api.requestErasure, requestErasure(deps)),
    route(api.getErasure, getErasure(deps)),
  ];
}
