import * as api from '../../schemas/api/availability.ts';
import type { Route } from '../../shared/runtime/function.ts';
import { route } from '../../shared/runtime/route.ts';
import type { Deps } from './deps.ts';
import { getAvailability } from './get-availability.ts';
import { listAvailability } from './list-availability.ts';

export function routesOf(deps: Deps): Route[] {
  return [route(api.getAvailability, getAvailability(deps)), route(api.listAvailability, listAvailability(deps))];
}
