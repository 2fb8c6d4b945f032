import { escapeXml } from './aws-query.ts';
import type { Page, SentMessage } from './sent-messages.ts';

/** Allows nothing but the page's own style: no message can run or load anything. */
export const pagePolicy = "default-src 'none'; style-src 'unsafe-inline'";

const style = `
  body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem; color: #1c2733 }
  details { border: 1px solid #d5dde5; border-radius: 6px; margin: .5rem 0; padding: .5rem 1rem }
  summary { cursor: pointer }
  summary span { color: #5a6b7b; margin-left: 1rem }
  pre { white-space: pre-wrap; background: #f4f6f8; padding: .75rem; border-radius: 4px }
`;

export function writePage({ items, nextCursor }: Page): string {
  const older = nextCursor === null ? '' : `<p><a href="?cursor=${escapeXml(nextCursor)}">Older</a></p>`;
  const list = items.length === 0 ? '<p>Nothing was sent yet.</p>' : items.map(writeMessage).join('\n');
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Mailbox</title><style>${style}</style></head>
<body><h1>Mailbox</h1>
${list}
${older}
</body>
</html>
`;
}

const channelNames = { email: 'E-mail', sms: 'SMS', push: 'Push' } as const;

function writeMessage({ channel, from, to, subject, text, sentAt, attachments }: SentMessage): string {
  const title = channel === 'email' ? subject : text;
  const parts = attachments.map(({ filename, content }) => `<h4>${escapeXml(filename)}</h4>${preformatted(content)}`);
  return `<details><summary>${channelNames[channel]}: ${escapeXml(title)}
<span>${escapeXml(to)}</span><span><time>${escapeXml(sentAt)}</time></span></summary>
<p>From ${escapeXml(from)}</p>${preformatted(text)}${parts.join('')}</details>`;
}

function preformatted(text: string): string {
  return `<pre>${escapeXml(text)}</pre>`;
}
