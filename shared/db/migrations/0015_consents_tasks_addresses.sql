-- The text is null where somebody withdrew what they are not known to have consented to.
ALTER TABLE patient.consents
  ALTER COLUMN consent_version DROP NOT NULL,
  ADD CONSTRAINT consent_text CHECK (decision = 'withdrawn' OR consent_version IS NOT NULL);
--> statement-breakpoint
-- When a kit or its sample turned out to be of no use: from then on it is no order's.
ALTER TABLE patient.kit_registrations ADD COLUMN rejected_at timestamptz;
--> statement-breakpoint
-- Whose an address is that takes no messages.
CREATE INDEX contact_points_by_value ON patient.contact_points (lower(value));
--> statement-breakpoint
-- When a task was last done, and how long that took.
ALTER TABLE cron.task_runs
  ADD COLUMN done_at timestamptz NOT NULL DEFAULT now(),
  ADD COLUMN duration_ms integer NOT NULL DEFAULT 0;
--> statement-breakpoint
-- It goes by another name, and under this one it would seem to be late for ever.
DELETE FROM cron.task_runs WHERE task = 'request-synchronisation';
--> statement-breakpoint
-- Where it was last sent to, as SHA-256 of channel and address: some providers tell of a message by its address alone.
ALTER TABLE notification.deliveries ADD COLUMN address_hash bytea;
--> statement-breakpoint
CREATE INDEX deliveries_by_address ON notification.deliveries (address_hash, claimed_at);
