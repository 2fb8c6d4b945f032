import { migrate } from '../../shared/db/migrate.ts';
import { AppError } from '../../shared/errors.ts';

const { DATABASE_URL } = process.env;
if (DATABASE_URL === undefined) {
  process.stderr.write('Set DATABASE_URL to a role that may create schemas and roles, then run this again.\n');
  process.exitCode = 1;
} else {
  try {
    await migrate(DATABASE_URL);
    process.stdout.write('The database is at the newest migration.\n');
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  }
}
