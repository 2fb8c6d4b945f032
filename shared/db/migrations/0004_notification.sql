CREATE SCHEMA notification;
--> statement-breakpoint
-- The bookings as their events told of them; the newest version stays, in whatever order the events come.
CREATE TABLE notification.bookings (
  booking_id uuid PRIMARY KEY,
  version integer NOT NULL,
  country_code char(2) NOT NULL,
  practitioner_id uuid NOT NULL,
  patient_id uuid NOT NULL,
  slot_start timestamptz NOT NULL,
  slot_end timestamptz NOT NULL
);
--> statement-breakpoint
CREATE TABLE notification.reminders (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  booking_id uuid NOT NULL REFERENCES notification.bookings (booking_id),
  booking_version integer NOT NULL,
  rung text NOT NULL,
  channel text NOT NULL,
  country_code char(2) NOT NULL,
  patient_id uuid NOT NULL,
  -- The visit's day on the practitioner's calendar.
  visit_day date NOT NULL,
  due_at timestamptz NOT NULL,
  status text NOT NULL DEFAULT 'pending',
  -- The event that asks for it to be sent; the visits of one day share an event.
  trigger_id uuid,
  CONSTRAINT reminder_once UNIQUE (booking_id, booking_version, rung),
  CONSTRAINT reminder_channel CHECK (channel IN ('email', 'sms')),
  CONSTRAINT reminder_status CHECK (status IN ('pending', 'triggered', 'sent', 'dropped')),
  CONSTRAINT reminder_trigger CHECK (status NOT IN ('triggered', 'sent') OR trigger_id IS NOT NULL)
);
--> statement-breakpoint
CREATE INDEX reminders_due ON notification.reminders (due_at) WHERE status = 'pending';
--> statement-breakpoint
CREATE INDEX reminders_by_day ON notification.reminders (patient_id, visit_day) WHERE status = 'pending';
--> statement-breakpoint
CREATE INDEX reminders_by_trigger ON notification.reminders (trigger_id) WHERE trigger_id IS NOT NULL;
--> statement-breakpoint
CREATE TABLE notification.deliveries (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  event_source text NOT NULL,
  event_id text NOT NULL,
  recipient_type text NOT NULL,
  recipient_id uuid NOT NULL,
  channel text NOT NULL,
  kind text NOT NULL,
  booking_id uuid NOT NULL,
  booking_version integer NOT NULL,
  status text NOT NULL,
  attempts integer NOT NULL DEFAULT 0,
  -- A claim ran out with its outcome unknown and was taken up again: the recipient may have the message twice.
  may_repeat boolean NOT NULL DEFAULT false,
  provider_message_id text,
  -- Why it was withheld, or the code of the last failure.
  error_code text,
  claimed_at timestamptz,
  lease_until timestamptz,
  sent_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT delivery_once UNIQUE (event_source, event_id, recipient_type, recipient_id, channel),
  CONSTRAINT delivery_recipient_type CHECK (recipient_type IN ('patient', 'proxy', 'practitioner')),
  CONSTRAINT delivery_channel CHECK (channel IN ('email', 'sms')),
  CONSTRAINT delivery_status CHECK (status IN ('planned', 'claimed', 'sent', 'failed', 'refused', 'suppressed')),
  CONSTRAINT delivery_claim CHECK (status <> 'claimed' OR lease_until IS NOT NULL),
  CONSTRAINT delivery_sent CHECK (status <> 'sent' OR (sent_at IS NOT NULL AND provider_message_id IS NOT NULL)),
  CONSTRAINT delivery_reason CHECK (status NOT IN ('failed', 'refused', 'suppressed') OR error_code IS NOT NULL)
);
--> statement-breakpoint
CREATE INDEX deliveries_by_booking ON notification.deliveries (booking_id, booking_version);
--> statement-breakpoint
CREATE INDEX deliveries_unfinished ON notification.deliveries (created_at)
  WHERE status IN ('planned', 'claimed', 'failed', 'refused');
--> statement-breakpoint
-- Addresses that bounced or complained, as SHA-256 of channel and address.
CREATE TABLE notification.suppressed_addresses (
  address_hash bytea PRIMARY KEY,
  reason text NOT NULL,
  suppressed_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT suppression_reason CHECK (reason IN ('bounced', 'complained'))
);
--> statement-breakpoint
CREATE TABLE notification.inbox (
  consumer text NOT NULL,
  source text NOT NULL,
  event_id text NOT NULL,
  processed_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT notification_inbox PRIMARY KEY (consumer, source, event_id)
);
--> statement-breakpoint
CREATE INDEX notification_inbox_by_age ON notification.inbox (processed_at);
--> statement-breakpoint
CREATE TABLE notification.outbox (
  seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  topic text NOT NULL,
  partition_key text NOT NULL,
  event json NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  sent_at timestamptz
);
--> statement-breakpoint
CREATE INDEX notification_outbox_unsent ON notification.outbox (partition_key, seq) WHERE sent_at IS NULL;
--> statement-breakpoint
GRANT USAGE ON SCHEMA notification TO careflow_notification;
--> statement-breakpoint
GRANT SELECT, INSERT, UPDATE ON notification.bookings, notification.reminders, notification.deliveries
  TO careflow_notification;
--> statement-breakpoint
GRANT SELECT, INSERT, DELETE ON notification.suppressed_addresses TO careflow_notification;
--> statement-breakpoint
GRANT SELECT, INSERT, UPDATE, DELETE ON notification.inbox, notification.outbox TO careflow_notification;
