import { previewMessage as preview, takeFeedback as feedback } from '../../schemas/api/notifications.ts';
import { createSesSender } from '../../shared/notify/email.ts';
import { createPushSender } from '../../shared/notify/push.ts';
import { createSnsSender } from '../../shared/notify/sms.ts';
import { readConfig } from '../../shared/runtime/config.ts';
import type { OpenFunction } from '../../shared/runtime/function.ts';
import { route } from '../../shared/runtime/route.ts';
import { admissionOf } from '../admission.ts';
import { settings } from './config.ts';
import { openConnections } from './connections.ts';
import { previewMessage } from './preview-message.ts';
import { subscriptionsOf } from './subscriptions.ts';
import { takeFeedback } from './take-feedback.ts';

export const open: OpenFunction = async (environment, log) => {
  const config = readConfig(environment, settings);
  const { redis, dependencies, close, ...databases } = openConnections(config, log);
  const { AWS_REGION: region, AWS_ENDPOINT_URL: endpoint, EMAIL_FROM: emailFrom, SMS_SENDER_ID: senderId } = config;
  const { FEEDBACK_TOPIC_ARN: topicArn } = config;
  const { REMINDERS: ahead, REMINDERS_SAME_DAY: sameDay, REMINDERS_REST_MINUTES: restMinutes } = config;
  const deps = {
    ...databases,
    sendEmail: createSesSender({ region, endpoint }),
    sendSms: createSnsSender({ region, endpoint, senderId }),
    sendPush: createPushSender({ region, endpoint }),
    emailFrom,
    hearsProviders: topicArn !== undefined,
    ladder: { ahead, sameDay, restMinutes },
    now: () => Temporal.Now.instant(),
  };
  return {
    name: 'notifications',
    routes: [
      route(preview, previewMessage({ emailFrom })),
      route(feedback, takeFeedback({ ...deps, topic: { topicArn, endpoint } })),
    ],
    subscriptions: subscriptionsOf(deps),
    ...admissionOf(config, redis, databases.patients),
    dependencies,
    close,
  };
};
