import type { AwsOptions } from './aws.ts';
import type { DeliverText } from './sns.ts';

export type Sms = {
  /** E.164, such as +33612345678. */
  readonly to: string;
  readonly text: string;
  /** Travels as the attribute `careflow.delivery`, so that a repeated send is told from another message. */
  readonly idempotencyKey: string;
};

/** Throws AppError `unavailable`, or `unprocessable` with a `reason` for what will never be taken. */
export type SendSms = (sms: Sms) => Promise<{ providerMessageId: string }>;

export type SnsOptions = AwsOptions & {
  /** Shown as the sender where the recipient's country allows it: up to 11 letters and digits. */
  readonly senderId?: string | undefined;
};

/** Sends through Amazon SNS, whose client is loaded with the first message. */
export function createSnsSender(options: SnsOptions): SendSms {
  let opened: Promise<DeliverText> | undefined;
  return async (sms) => {
    const deliver = await (opened ??= import('./sns.ts').then(({ openSns }) => openSns(options)));
    const MessageAttributes = attributesOf(sms, options.senderId);
    return { providerMessageId: await deliver({ PhoneNumber: sms.to, Message: sms.text, MessageAttributes }) };
  };
}

function attributesOf({ idempotencyKey }: Sms, senderId: string | undefined) {
  return {
    'AWS.SNS.SMS.SMSType': text('Transactional'),
    'careflow.delivery': text(idempotencyKey),
    ...(senderId !== undefined && { 'AWS.SNS.SMS.SenderID': text(senderId) }),
  };
}

function text(StringValue: string) {
  return { DataType: 'String', StringValue };
}
