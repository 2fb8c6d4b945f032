import type { saveReleasePreference as contract } from '../../schemas/api/lab-results.ts';
import { saveReleasePreference as save } from '../../shared/db/release-preferences.ts';
import type { Operation } from '../../shared/runtime/function.ts';
import { mustActForPatient } from './access.ts';
import type { Deps } from './deps.ts';

/** `PUT /{country}/patients/{id}/result-preference`: for what comes from now on, and within minutes for what is held. */
export function saveReleasePreference(deps: Deps): Operation<typeof contract> {
  return async ({ country, id, preference }, { caller }) => {
    await mustActForPatient(deps, caller, { country, id });
    await save(deps.db, id, preference);
    return { body: { preference } };
  };
}
