import type { AwsOptions } from './aws.ts';
import type { DeliverEmail } from './ses.ts';

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

/** Sends through Amazon SES, whose client is loaded with the first e-mail. */
export function createSesSender(options: AwsOptions): SendEmail {
  let opened: Promise<DeliverEmail> | undefined;
  return async (email) => {
    const message = await composeMessage(email);
    const deliver = await (opened ??= import('./ses.ts').then(({ openSes }) => openSes(options)));
    return { providerMessageId: await deliver(message, email.to) };
  };
}

async function composeMessage({ attachments = [], idempotencyKey, ...email }: Email): Promise<Uint8Array> {
  const { default: MailComposer } = await import('nodemailer/lib/mail-composer');
  const invitations = attachments.filter(({ contentType }) => contentType.startsWith('text/calendar'));
  const composer = new MailComposer({
    ...email,
    headers: { 'X-Careflow-Delivery': idempotencyKey },
    alternatives: invitations.map(({ contentType, content }) => ({ contentType, content })),
    attachments: attachments.map((attachment) => ({ ...attachment })),
    newline: 'win',
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  return composer.compile().build();
}
