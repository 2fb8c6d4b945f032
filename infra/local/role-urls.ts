import { randomBytes } from 'node:crypto';

import pg from 'pg';

/** The role each `DATABASE_URL_<CONTEXT>` logs in as. */
const ROLES = {
  DATABASE_URL_BOOKING: 'careflow_booking',
  DATABASE_URL_PRACTITIONER: 'careflow_practitioner',
  DATABASE_URL_PATIENT: 'careflow_patient',
  DATABASE_URL_NOTIFICATION: 'careflow_notification',
  DATABASE_URL_CRON: 'careflow_cron',
  DATABASE_URL_LABORATORY: 'careflow_laboratory',
  DATABASE_URL_HOMEKIT: 'careflow_homekit',
  DATABASE_URL_WORKER: 'careflow_worker',
  DATABASE_URL_PRACTITIONER_READER: 'careflow_practitioner_reader',
  DATABASE_URL_PATIENT_READER: 'careflow_patient_reader',
  DATABASE_URL_LABORATORY_READER: 'careflow_laboratory_reader',
  DATABASE_URL_HOMEKIT_READER: 'careflow_homekit_reader',
} as const;

export type RoleUrls = Record<keyof typeof ROLES, string>;

/** Gives each context's role a new password and returns its URL. `databaseUrl` names a role that may do so. */
export async function createRoleUrls(databaseUrl: string): Promise<RoleUrls> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const urls: Record<string, string> = {};
    for (const [variable, role] of Object.entries(ROLES)) {
      const password = randomBytes(18).toString('base64url');
      await client.query(`ALTER ROLE ${role} PASSWORD '${password}'`);
      const url = new URL(databaseUrl);
      url.username = role;
      url.password = password;
      urls[variable] = url.href;
    }
    // Every variable of ROLES has been given its URL.
    return urls as RoleUrls;
  } finally {
    await client.end();
  }
}
