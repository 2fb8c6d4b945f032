import { randomUUID } from 'node:crypto';

import { z } from 'zod';

import type { SentMessage } from './sent-messages.ts';
import { readMail } from './mime.ts';

/** A refusal as SES and SNS word it. */
export class AwsFault extends Error {
  readonly code: string;
  readonly status: number;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.code = code;
    this.status = status;
  }
}

export type SendCall = {
  readonly service: 'ses' | 'sns';
  readonly action: string;
  /** One message for each recipient. */
  readonly messages: readonly SentMessage[];
};

const namespaces = {
  ses: 'http://ses.amazonaws.com/doc/2010-12-01/',
  sns: 'http://sns.amazonaws.com/doc/2010-03-31/',
} as const;

/** Reads a call of the AWS query protocol that sends something; throws AwsFault for any other. */
export function readCall(form: URLSearchParams, now: Temporal.Instant): SendCall {
  const action = form.get('Action') ?? '';
  const envelope = { id: randomUUID(), sentAt: now.toString({ smallestUnit: 'millisecond' }) };
  if (action === 'SendRawEmail') return { service: 'ses', action, messages: rawEmail(form, envelope) };
  if (action === 'SendEmail') return { service: 'ses', action, messages: simpleEmail(form, envelope) };
  if (action === 'Publish') {
    const message = form.has('TargetArn') ? push(form, envelope) : sms(form, envelope);
    return { service: 'sns', action, messages: [message] };
  }
  throw new AwsFault(400, 'InvalidAction', `The action ${action} is not known here.`);
}

export function writeAnswer({ service, action, messages }: SendCall): string {
  return `<${action}Response xmlns="${namespaces[service]}"><${action}Result><MessageId>${messages[0]?.id ?? ''}</MessageId></${action}Result><ResponseMetadata><RequestId>${randomUUID()}</RequestId></ResponseMetadata></${action}Response>`;
}

export function writeFault({ status, code, message }: AwsFault): string {
  const type = status < 500 ? 'Sender' : 'Receiver';
  return `<ErrorResponse><Error><Type>${type}</Type><Code>${escapeXml(code)}</Code><Message>${escapeXml(message)}</Message></Error><RequestId>${randomUUID()}</RequestId></ErrorResponse>`;
}

export function escapeXml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (special) => `&#${special.charCodeAt(0)};`);
}

type Envelope = Pick<SentMessage, 'id' | 'sentAt'>;

function rawEmail(form: URLSearchParams, envelope: Envelope): SentMessage[] {
  const { headers, from, subject, text, html, attachments } = readMail(
    Buffer.from(form.get('RawMessage.Data') ?? '', 'base64'),
  );
  const key = headers.get('x-careflow-delivery');
  return addressees(form, 'Destinations').map((to) => ({
    ...envelope,
    channel: 'email',
    from,
    to,
    subject,
    text,
    attachments: [...attachments],
    ...(html !== undefined && { html }),
    ...(key !== undefined && { idempotencyKey: key }),
  }));
}

function simpleEmail(form: URLSearchParams, envelope: Envelope): SentMessage[] {
  const html = form.get('Message.Body.Html.Data');
  return addressees(form, 'Destination.ToAddresses').map((to) => ({
    ...envelope,
    channel: 'email',
    from: form.get('Source') ?? '',
    to,
    subject: form.get('Message.Subject.Data') ?? '',
    text: form.get('Message.Body.Text.Data') ?? '',
    ...(html !== null && { html }),
    attachments: [],
  }));
}

function addressees(form: URLSearchParams, list: string): string[] {
  const members = [...form].filter(([name]) => name.startsWith(`${list}.member.`)).map(([, value]) => value);
  if (members.length === 0) throw new AwsFault(400, 'InvalidParameterValue', 'There is no recipient.');
  const wrong = members.find((address) => !/^[^\s@,]+@[^\s@,]+\.[^\s@,]+$/.test(address));
  if (wrong !== undefined) throw new AwsFault(400, 'InvalidParameterValue', `${wrong} is no address.`);
  return members;
}

function sms(form: URLSearchParams, envelope: Envelope): SentMessage {
  const to = form.get('PhoneNumber') ?? '';
  if (!/^\+[1-9]\d{6,14}$/.test(to)) {
    throw new AwsFault(400, 'InvalidParameter', `Invalid parameter: PhoneNumber Reason: ${to} is not valid`);
  }
  const attributes = attributesOf(form);
  const key = attributes.get('careflow.delivery');
  return {
    ...envelope,
    channel: 'sms',
    from: attributes.get('AWS.SNS.SMS.SenderID') ?? '',
    to,
    subject: '',
    text: form.get('Message') ?? '',
    ...(key !== undefined && { idempotencyKey: key }),
    attachments: [],
  };
}

function push(form: URLSearchParams, envelope: Envelope): SentMessage {
  const to = form.get('TargetArn') ?? '';
  if (!/^arn:aws[\w-]*:sns:[a-z\d-]+:\d{12}:endpoint\/[\w/.-]+$/.test(to)) {
    throw new AwsFault(400, 'InvalidParameter', 'Invalid parameter: TargetArn Reason: no endpoint has this ARN');
  }
  const key = attributesOf(form).get('careflow.delivery');
  return {
    ...envelope,
    channel: 'push',
    from: '',
    to,
    subject: '',
    text: shownText(form),
    ...(key !== undefined && { idempotencyKey: key }),
    attachments: [],
  };
}

const PerPlatform = z.looseObject({ default: z.string() });

/** With a structure each platform has words of its own; those of none in particular are shown. */
function shownText(form: URLSearchParams): string {
  const text = form.get('Message') ?? '';
  if (form.get('MessageStructure') !== 'json') return text;
  const structured = PerPlatform.safeParse(parseJson(text));
  if (structured.success) return structured.data.default;
  throw new AwsFault(
    400,
    'InvalidParameter',
    'Invalid parameter: Message Structure - No default entry in JSON message',
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function attributesOf(form: URLSearchParams): Map<string, string> {
  const names = [...form].filter(([name]) => /^MessageAttributes\.entry\.\d+\.Name$/.test(name));
  return new Map(names.map(([name, value]) => [value, form.get(name.replace(/Name$/, 'Value.StringValue')) ?? '']));
}
