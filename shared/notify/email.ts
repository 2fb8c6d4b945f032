import type { AwsOptions } from './aws.ts';
import { clientSettings, nameProviderError } from './aws.ts';

type Attachment = {
  readonly filename: string;
  /** A `text/calendar` is also shown as an invitation (RFC 6047): name its `method`. */
  readonly contentType: string;
  readonly content: string;
};

export type Email = {
  /** An address, or `Name <address>`. */
  readonly from: string;
  /** One address. */
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  readonly html?: string | undefined;
  readonly attachments?: readonly Attachment[] | undefined;
  /** Travels in the header `X-Careflow-Delivery`, so that a repeated send is told from another message. */
  readonly idempotencyKey: string;
};

/** Throws AppError `unavailable`, or `unprocessable` with a `reason` for what will never be taken. */
export type SendEmail = (email: Email) => Promise<{ providerMessageId: string }>;

type Deliver = (message: Uint8Array, to: string) => Promise<string>;

/** Sends through Amazon SES, whose client is loaded with the first e-mail. */
export function createSesSender(options: AwsOptions): SendEmail {
  let opened: Promise<Deliver> | undefined;
  return async (email) => {
    const message = await composeMessage(email);
    const deliver = await (opened ??= openSes(options));
    return { providerMessageId: await deliver(message, email.to) };
  };
}

async function openSes(options: AwsOptions): Promise<Deliver> {
  const { SESClient, SendRawEmailCommand } = await import('@aws-sdk/client-ses');
  const client = new SESClient(clientSettings(options));
  return async (Data, to) => {
    try {
      const answer = await client.send(new SendRawEmailCommand({ Destinations: [to], RawMessage: { Data } }));
      return answer.MessageId ?? '';
    } catch (error) {
      throw nameProviderError('ses', error);
    }
  };
}

async function composeMessage({ to, attachments = [], idempotencyKey, ...email }: Email): Promise<Uint8Array> {
  const { default: MailComposer } = await import('nodemailer/lib/mail-composer');
  const invitations = attachments.filter(({ contentType }) => contentType.startsWith('text/calendar'));
  const composer = new MailComposer({
    ...email,
    to: { name: '', address: to },
    headers: { 'X-Careflow-Delivery': idempotencyKey },
    alternatives: invitations.map(({ contentType, content }) => ({ contentType, content })),
    attachments: attachments.map((attachment) => ({ ...attachment })),
    newline: 'win',
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  return composer.compile().build();
}
