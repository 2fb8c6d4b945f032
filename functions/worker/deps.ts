import type { Redis } from 'ioredis';

import type { Database } from '../../shared/db/client.ts';
import type { SavedAnswers } from '../../shared/db/idempotency-keys.ts';
import type { SubjectDatabases } from '../../shared/db/subject-data/contexts.ts';
import type { Publisher } from '../../shared/events/publisher.ts';
import type { SealRetained } from '../../shared/identity/retention.ts';
import type { SendEmail } from '../../shared/notify/email.ts';
import type { SendSms } from '../../shared/notify/sms.ts';
import type { Seals } from '../seals.ts';

/** What the jobs and operations of this function are lent. */
export type Deps = {
  readonly db: Database;
  /** Every context that keeps something of patients, over its own role. */
  readonly contexts: SubjectDatabases;
  readonly practitioners: Database;
  /** What the patient context publishes. */
  readonly patients: Database;
  readonly answers: SavedAnswers;
  readonly redis: Redis;
  readonly seals: Seals;
  readonly sealRetained: SealRetained;
  readonly publish: Publisher['publish'];
  readonly sendEmail: SendEmail;
  readonly sendSms: SendSms;
  /** The mailbox that messages come from. */
  readonly emailFrom: string;
  readonly exportDays: number;
  readonly now: () => Temporal.Instant;
};
