import type { Role } from '../../../shared/domain/caller.ts';

/** The audience of every access token, as the functions expect it. */
export const audience = 'careflow';

export const tokenSeconds = 60 * 60;

/** The password of every sample user, and the secret of every sample client: for this machine only. */
export const samplePassword = 'local-only';

/** The client of the sample users' apps: it has no secret and takes a user's name and password. */
export const appClientId = 'app';

/** The client of `npm run token`, and its grant, which gives a token of any subject, role and country. */
export const tokenClientId = 'token-cli';
export const sampleGrantType = 'urn:careflow:grant-type:sample';

export type Identity = { readonly subject: string; readonly role: Role; readonly country: string | undefined };

/** Clients that act for themselves, by their id. */
export const officeClients: Readonly<Record<string, Identity>> = {
  system: { subject: 'system', role: 'system', country: undefined },
  admin: { subject: 'admin', role: 'admin', country: undefined },
  'staff-fr': { subject: 'staff-fr', role: 'staff', country: 'fr' },
  'staff-de': { subject: 'staff-de', role: 'staff', country: 'de' },
};

const ordinary = ['bookings:read', 'bookings:write', 'availability:read'];
const account = ['account:read', 'account:write'];
const orders = ['orders:read', 'orders:write'];
const devices = ['homekit:read', 'homekit:write'];
const results = ['results:read', 'results:write'];

/** What a token of a role carries when no scope is asked for, and the most it may carry. */
export const scopesByRole: Readonly<Record<Role, readonly string[]>> = {
  patient: [...ordinary, ...account, ...orders, ...devices, ...results, 'patients:read', 'patients:write'],
  practitioner: [...ordinary, ...account, ...results],
  staff: [...ordinary, ...account, ...orders, ...devices, ...results, 'lab-results:manage', 'notifications:read'],
  system: [...ordinary, ...orders, ...devices, 'results:read', 'lab-results:write'],
  admin: [
    ...ordinary,
    ...account,
    ...orders,
    ...devices,
    ...results,
    'lab-results:write',
    'lab-results:manage',
    'notifications:read',
    'patients:read',
    'patients:write',
  ],
};
