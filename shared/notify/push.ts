import type { AwsOptions } from './aws.ts';
import type { DeliverText } from './sns.ts';

export type Push = {
  /** The ARN of an SNS platform endpoint: one app on one device. */
  readonly to: string;
  readonly text: string;
  /** Travels as the attribute `careflow.delivery`, so that a repeated send is told from another message. */
  readonly idempotencyKey: string;
};

/** Throws AppError `unavailable`, or `unprocessable` with a `reason` for what will never be taken. */
export type SendPush = (push: Push) => Promise<{ providerMessageId: string }>;

/** Sends through Amazon SNS to the apps of people, whose client is loaded with the first message. */
export function createPushSender(options: AwsOptions): SendPush {
  let opened: Promise<DeliverText> | undefined;
  return async ({ to: TargetArn, text, idempotencyKey }) => {
    const deliver = await (opened ??= import('./sns.ts').then(({ openSns }) => openSns(options)));
    const id = { DataType: 'String', StringValue: idempotencyKey };
    // Sent again, a notification takes the place of the first on the screen, if that is there.
    const MessageAttributes = { 'careflow.delivery': id, 'AWS.SNS.MOBILE.APNS.COLLAPSE_ID': id };
    const message = {
      TargetArn,
      Message: perPlatform(text, idempotencyKey),
      MessageStructure: 'json',
      MessageAttributes,
    };
    return { providerMessageId: await deliver(message) };
  };
}

/** Each platform reads its own member, which is JSON in JSON (SNS developer guide, platform-specific payloads). */
function perPlatform(text: string, tag: string): string {
  const apple = JSON.stringify({ aps: { alert: text, sound: 'default' } });
  const message = { notification: { body: text }, android: { notification: { tag } } };
  const google = JSON.stringify({ fcmV1Message: { message } });
  return JSON.stringify({ default: text, APNS: apple, APNS_SANDBOX: apple, GCM: google });
}
