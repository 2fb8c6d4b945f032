import type { getTestKit as contract } from '../../schemas/api/homekit.ts';
import { findRegistration, findReplacement, findTestKit, listCustody } from '../../shared/db/test-kits.ts';
import { AppError } from '../../shared/errors.ts';
import type { Operation } from '../../shared/runtime/function.ts';
import { reaches } from './access.ts';
import type { Deps } from './deps.ts';
import { representTestKit } from './representation.ts';

/** `GET /{country}/homekit/test-kits/{id}`. The chain of custody is shown to whoever the kit is of. */
export function getTestKit(deps: Deps): Operation<typeof contract> {
  return async (id, { caller }) => {
    const registration = await findRegistration(deps.db, id);
    if (!registration || !(await reaches(deps, caller, registration.patientId))) throw noSuchTestKit();
    const { country, kitCode } = registration;
    const isTheirs = registration.status === 'registered';
    const kit = isTheirs ? await findTestKit(deps.db, country, kitCode) : undefined;
    const custody = kit ? await listCustody(deps.db, kit.id) : [];
    const replacement = await findReplacement(deps.db, registration.id);
    return { body: representTestKit(registration, { kit, custody, replacement }) };
  };
}

function noSuchTestKit(): AppError {
  return new AppError('not-found', 'There is no such test kit.');
}
