import { previewMessage as preview } from '../../schemas/api/notifications.ts';
import { connectDatabase, ping } from '../../shared/db/client.ts';
import { defaultLadder } from '../../shared/domain/reminder.ts';
import { createTokenVerifier } from '../../shared/identity/verify-token.ts';
import { createSesSender } from '../../shared/notify/email.ts';
import { createSnsSender } from '../../shared/notify/sms.ts';
import { optional, readConfig, text, url } from '../../shared/runtime/config.ts';
import type { OpenFunction } from '../../shared/runtime/function.ts';
import { route } from '../../shared/runtime/route.ts';
import { previewMessage } from './preview-message.ts';
import { subscriptionsOf } from './subscriptions.ts';

const postgres = url({ schemes: ['postgres', 'postgresql'] });

const settings = {
  DATABASE_URL_NOTIFICATION: postgres,
  DATABASE_URL_PATIENT_READER: postgres,
  DATABASE_URL_PRACTITIONER_READER: postgres,
  OIDC_ISSUER: url(),
  OIDC_AUDIENCE: text(),
  OIDC_JWKS_URL: url(),
  AWS_REGION: text(),
  AWS_ENDPOINT_URL: optional(url()),
  EMAIL_FROM: text(),
  SMS_SENDER_ID: optional(text()),
};

export const open: OpenFunction = async (environment) => {
  const config = readConfig(environment, settings);
  const name = 'notifications';
  const db = connectDatabase(config.DATABASE_URL_NOTIFICATION, { applicationName: name });
  const patients = connectDatabase(config.DATABASE_URL_PATIENT_READER, { applicationName: name });
  const practitioners = connectDatabase(config.DATABASE_URL_PRACTITIONER_READER, { applicationName: name });
  const aws = { region: config.AWS_REGION, endpoint: config.AWS_ENDPOINT_URL };
  const deps = {
    ...{ db, patients, practitioners, emailFrom: config.EMAIL_FROM, ladder: defaultLadder },
    sendEmail: createSesSender(aws),
    sendSms: createSnsSender({ ...aws, senderId: config.SMS_SENDER_ID }),
    now: () => Temporal.Now.instant(),
  };
  return {
    name,
    routes: [route(preview, previewMessage(deps))],
    subscriptions: subscriptionsOf(deps),
    authenticate: createTokenVerifier({
      issuer: config.OIDC_ISSUER,
      audience: config.OIDC_AUDIENCE,
      jwksUrl: config.OIDC_JWKS_URL,
    }),
    dependencies: {
      notification: () => ping(db),
      patient: () => ping(patients),
      practitioner: () => ping(practitioners),
    },
    close: async () => {
      await Promise.all([db, patients, practitioners].map(({ $client }) => $client.end()));
    },
  };
};
