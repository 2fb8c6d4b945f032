import { previewMessage as preview } from '../../schemas/api/notifications.ts';
import { connectDatabase, ping } from '../../shared/db/client.ts';
import { createTokenVerifier } from '../../shared/identity/verify-token.ts';
import { createSesSender } from '../../shared/notify/email.ts';
import { createSnsSender } from '../../shared/notify/sms.ts';
import { readConfig } from '../../shared/runtime/config.ts';
import type { OpenFunction } from '../../shared/runtime/function.ts';
import { route } from '../../shared/runtime/route.ts';
import { settings } from './config.ts';
import { openLimit } from './limit.ts';
import { previewMessage } from './preview-message.ts';
import { subscriptionsOf } from './subscriptions.ts';

export const open: OpenFunction = async (environment, log) => {
  const config = readConfig(environment, settings);
  const name = 'notifications';
  const db = connectDatabase(config.DATABASE_URL_NOTIFICATION, { applicationName: name });
  const patients = connectDatabase(config.DATABASE_URL_PATIENT_READER, { applicationName: name });
  const practitioners = connectDatabase(config.DATABASE_URL_PRACTITIONER_READER, { applicationName: name });
  const { AWS_REGION: region, AWS_ENDPOINT_URL: endpoint, EMAIL_FROM: emailFrom } = config;
  const { REMINDERS: ahead, REMINDERS_SAME_DAY: sameDay, REMINDERS_REST_MINUTES: restMinutes } = config;
  const sendEmail = createSesSender({ region, endpoint });
  const sendSms = createSnsSender({ region, endpoint, senderId: config.SMS_SENDER_ID });
  const { closeLimit, ...limited } = await openLimit(config, log);
  const deps = { db, patients, practitioners, sendEmail, sendSms, emailFrom };
  return {
    name,
    routes: [route(preview, previewMessage({ emailFrom }))],
    subscriptions: subscriptionsOf({
      ...deps,
      ladder: { ahead, sameDay, restMinutes },
      now: () => Temporal.Now.instant(),
    }),
    authenticate: createTokenVerifier({
      issuer: config.OIDC_ISSUER,
      audience: config.OIDC_AUDIENCE,
      jwksUrl: config.OIDC_JWKS_URL,
    }),
    ...limited,
    dependencies: {
      notification: () => ping(db),
      patient: () => ping(patients),
      practitioner: () => ping(practitioners),
    },
    close: async () => {
      await Promise.all([db, patients, practitioners].map(({ $client }) => $client.end()));
      closeLimit();
    },
  };
};
