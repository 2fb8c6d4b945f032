import { sql } from 'drizzle-orm';
import { expect, it } from 'vitest';

import { connectDatabases } from '../../../shared/db/databases.ts';
import { createEmptyDatabase } from '../../support/services/database.ts';

it('connects to each database by its name, tells which of them answers, and closes all', async () => {
  const database = await createEmptyDatabase();
  const urls = { here: database.url, away: 'postgres://nobody@127.0.0.1:1/none' };
  const databases = connectDatabases(urls, { applicationName: 'test' });
  await databases.pings.here();
  await expect(databases.pings.away()).rejects.toMatchObject({ code: 'unavailable' });
  const { rows } = await databases.of.here.execute(sql`SELECT current_setting('application_name') AS name`);
  expect(rows).toEqual([{ name: 'test' }]);
  await databases.close();
  await expect(databases.of.here.execute(sql`SELECT 1`)).rejects.toThrow();
  await database.drop();
});
