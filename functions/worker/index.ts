import { savedAnswers } from '../../shared/db/idempotency-keys.ts';
import { workerIdempotencyKeys } from '../../shared/db/schema/worker.ts';
import { openRetention } from '../../shared/identity/retention.ts';
import { createSesSender } from '../../shared/notify/email.ts';
import { createSnsSender } from '../../shared/notify/sms.ts';
import { readConfig } from '../../shared/runtime/config.ts';
import type { OpenFunction } from '../../shared/runtime/function.ts';
import { admissionOf } from '../admission.ts';
import { openSeals } from '../seals.ts';
import { settings } from './config.ts';
import { openConnections } from './connections.ts';
import { routesOf } from './routes.ts';
import { subscriptionsOf } from './subscriptions.ts';

export const open: OpenFunction = async (environment, log) => {
  const config = readConfig(environment, settings);
  const { dependencies, close, ...connections } = openConnections(config, log);
  const { AWS_REGION: region, AWS_ENDPOINT_URL: endpoint, EMAIL_FROM: emailFrom, SMS_SENDER_ID: senderId } = config;
  const answers = savedAnswers(workerIdempotencyKeys);
  const deps = {
    ...connections,
    answers,
    seals: openSeals(config.SUBJECT_KEYS_SECRET),
    sealRetained: openRetention(config.RETENTION_PUBLIC_KEY),
    sendEmail: createSesSender({ region, endpoint }),
    sendSms: createSnsSender({ region, endpoint, senderId }),
    emailFrom,
    exportDays: config.EXPORT_DAYS,
    now: () => Temporal.Now.instant(),
  };
  return {
    name: 'worker',
    routes: routesOf(deps),
    subscriptions: subscriptionsOf(deps),
    ...admissionOf(config, connections.redis, connections.patients),
    findAnswer: (claim) => answers.find(connections.db, claim),
    dependencies,
    close,
  };
};
