import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import { z } from 'zod';

export const SentMessage = z.object({
  id: z.string(),
  channel: z.enum(['email', 'sms', 'push']),
  from: z.string(),
  to: z.string(),
  /** Empty for an SMS and a push message. */
  subject: z.string(),
  text: z.string(),
  html: z.string().optional(),
  sentAt: z.string(),
  /** As the sender named the message: two with one key are one message sent twice. */
  idempotencyKey: z.string().optional(),
  attachments: z.array(z.object({ filename: z.string(), contentType: z.string(), content: z.string() })),
});

export type SentMessage = z.infer<typeof SentMessage>;

export type Selection = {
  readonly to?: string | undefined;
  readonly channel?: SentMessage['channel'] | undefined;
  readonly limit: number;
  readonly cursor?: string | undefined;
};

export type Page = { readonly items: readonly SentMessage[]; readonly nextCursor: string | null };

/** What was sent, in a file; of the oldest no more is kept than the bound allows. */
export type SentMessages = {
  keep(messages: readonly SentMessage[]): void;
  /** Newest first. */
  list(selection: Selection): Page;
  clear(): void;
  close(): void;
};

const schema = `
  PRAGMA journal_mode = wal;
  PRAGMA synchronous = normal;
  CREATE TABLE IF NOT EXISTS sent (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    recipient TEXT NOT NULL,
    channel TEXT NOT NULL,
    message TEXT NOT NULL
  );
  CREATE INDEX IF NOT EXISTS idx_sent_recipient ON sent (recipient, position);
`;

const Row = z.object({ position: z.int(), message: z.string().transform((text): unknown => JSON.parse(text)) });

export function openSentMessages(dir: string, maxMessages: number): SentMessages {
  mkdirSync(dir, { recursive: true });
  const db = new DatabaseSync(join(dir, 'sent.sqlite'));
  db.exec(schema);
  const insert = db.prepare('INSERT INTO sent (recipient, channel, message) VALUES (?, ?, ?)');
  const forget = db.prepare('DELETE FROM sent WHERE position <= (SELECT max(position) FROM sent) - ?');
  const select = db.prepare(`
    SELECT position, message FROM sent
    WHERE position < :before AND (:to IS NULL OR recipient = :to) AND (:channel IS NULL OR channel = :channel)
    ORDER BY position DESC LIMIT :limit`);

  return {
    keep(messages) {
      for (const message of messages) insert.run(message.to, message.channel, JSON.stringify(message));
      forget.run(maxMessages);
    },
    list({ to = null, channel = null, limit, cursor }) {
      const before = cursor === undefined ? Number.MAX_SAFE_INTEGER : Number(cursor);
      const rows = z.array(Row).parse(select.all({ before, to, channel, limit: limit + 1 }));
      const page = rows.slice(0, limit);
      const nextCursor = rows.length > limit ? String(page.at(-1)?.position) : null;
      return { items: page.map(({ message }) => SentMessage.parse(message)), nextCursor };
    },
    clear: () => db.exec('DELETE FROM sent'),
    close: () => db.close(),
  };
}
