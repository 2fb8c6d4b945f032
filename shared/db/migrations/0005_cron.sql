CREATE SCHEMA cron;
--> statement-breakpoint
CREATE TABLE cron.leases (
  name text PRIMARY KEY,
  holder uuid NOT NULL,
  expires_at timestamptz NOT NULL
);
--> statement-breakpoint
-- The last minute each task was done for: what a missed tick left undone starts after it.
CREATE TABLE cron.task_runs (
  task text PRIMARY KEY,
  done_until timestamptz NOT NULL
);
--> statement-breakpoint
CREATE TABLE cron.dependency_health (
  dependency text PRIMARY KEY,
  healthy boolean NOT NULL,
  since timestamptz NOT NULL
);
--> statement-breakpoint
CREATE TABLE cron.outbox (
  seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  topic text NOT NULL,
  partition_key text NOT NULL,
  event json NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  sent_at timestamptz
);
--> statement-breakpoint
CREATE INDEX cron_outbox_unsent ON cron.outbox (partition_key, seq) WHERE sent_at IS NULL;
--> statement-breakpoint
GRANT USAGE ON SCHEMA cron TO careflow_cron;
--> statement-breakpoint
GRANT SELECT, INSERT, UPDATE, DELETE ON cron.leases, cron.task_runs, cron.dependency_health, cron.outbox
  TO careflow_cron;
