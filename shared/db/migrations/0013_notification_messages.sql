-- What is told, apart from whom and how: a notice is made of one event, and each of its deliveries is one recipient over
-- one channel.
CREATE TABLE notification.notices (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  event_source text NOT NULL,
  event_id text NOT NULL,
  kind text NOT NULL,
  country_code char(2) NOT NULL,
  -- Whom it concerns.
  patient_id uuid NOT NULL,
  -- What it is about, as its kind says: a booking, a report, an alert, a device, a test kit, an order, an account.
  subject_id uuid NOT NULL,
  subject_version integer NOT NULL,
  -- What its words need beside: times and counts, nothing personal.
  facts jsonb NOT NULL DEFAULT '{}',
  occurred_at timestamptz NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT notice_once UNIQUE (event_source, event_id)
);
--> statement-breakpoint
CREATE INDEX notices_by_subject ON notification.notices (subject_id, subject_version);
--> statement-breakpoint
CREATE INDEX notices_by_patient ON notification.notices (patient_id);
--> statement-breakpoint
CREATE INDEX notices_by_age ON notification.notices (created_at);
--> statement-breakpoint
INSERT INTO notification.notices
  (event_source, event_id, kind, country_code, patient_id, subject_id, subject_version, occurred_at, created_at)
SELECT DISTINCT ON (d.event_source, d.event_id)
  d.event_source, d.event_id, d.kind, b.country_code, b.patient_id, d.booking_id, d.booking_version, d.created_at, d.created_at
FROM notification.deliveries d JOIN notification.bookings b USING (booking_id)
ORDER BY d.event_source, d.event_id, d.created_at;
--> statement-breakpoint
ALTER TABLE notification.deliveries
  ADD COLUMN notice_id uuid,
  -- It is held until then.
  ADD COLUMN due_at timestamptz NOT NULL DEFAULT now(),
  -- While a delivery is held, whatever has the same key is told by it.
  ADD COLUMN gather_key text,
  -- What it tells of: the subjects of its own notice and of those it gathered.
  ADD COLUMN subject_ids uuid[] NOT NULL DEFAULT '{}',
  -- The event that last asked for it to be sent, where it was held.
  ADD COLUMN release_id uuid;
--> statement-breakpoint
UPDATE notification.deliveries d SET notice_id = n.id
FROM notification.notices n WHERE n.event_source = d.event_source AND n.event_id = d.event_id;
--> statement-breakpoint
DELETE FROM notification.deliveries WHERE notice_id IS NULL;
--> statement-breakpoint
DROP INDEX notification.deliveries_by_booking, notification.deliveries_by_age;
--> statement-breakpoint
ALTER TABLE notification.deliveries
  DROP CONSTRAINT delivery_once,
  DROP CONSTRAINT delivery_channel,
  DROP CONSTRAINT delivery_status,
  DROP COLUMN event_source,
  DROP COLUMN event_id,
  DROP COLUMN kind,
  DROP COLUMN booking_id,
  DROP COLUMN booking_version,
  ALTER COLUMN notice_id SET NOT NULL,
  ADD CONSTRAINT delivery_notice FOREIGN KEY (notice_id) REFERENCES notification.notices (id) ON DELETE CASCADE,
  ADD CONSTRAINT delivery_once UNIQUE (notice_id, recipient_type, recipient_id, channel),
  ADD CONSTRAINT delivery_channel CHECK (channel IN ('email', 'sms', 'push')),
  ADD CONSTRAINT delivery_status
    CHECK (status IN ('held', 'planned', 'claimed', 'sent', 'failed', 'refused', 'suppressed'));
--> statement-breakpoint
CREATE INDEX deliveries_due ON notification.deliveries (due_at) WHERE status = 'held';
--> statement-breakpoint
CREATE UNIQUE INDEX deliveries_gathering ON notification.deliveries (gather_key, recipient_type, recipient_id, channel)
  WHERE status = 'held';
--> statement-breakpoint
CREATE INDEX deliveries_by_recipient ON notification.deliveries (recipient_id);
--> statement-breakpoint
CREATE INDEX deliveries_by_message ON notification.deliveries (provider_message_id) WHERE provider_message_id IS NOT NULL;
--> statement-breakpoint
ALTER TABLE notification.reminders
  DROP CONSTRAINT reminder_channel,
  ADD CONSTRAINT reminder_channel CHECK (channel IN ('email', 'sms', 'push'));
--> statement-breakpoint
CREATE INDEX reminders_by_patient ON notification.reminders (patient_id);
--> statement-breakpoint
CREATE INDEX bookings_by_patient ON notification.bookings (patient_id);
--> statement-breakpoint
-- That somebody was erased, by an id that is nobody's any more: events that come later leave nothing of them.
CREATE TABLE notification.erased_patients (
  patient_id uuid PRIMARY KEY,
  erased_at timestamptz NOT NULL
);
--> statement-breakpoint
CREATE INDEX erased_patients_by_age ON notification.erased_patients (erased_at);
--> statement-breakpoint
-- Critical results that a clinician has taken note of: nobody is alerted of them any more, in whatever order events come.
CREATE TABLE notification.acknowledged_alerts (
  alert_id uuid PRIMARY KEY,
  acknowledged_at timestamptz NOT NULL
);
--> statement-breakpoint
CREATE INDEX acknowledged_alerts_by_age ON notification.acknowledged_alerts (acknowledged_at);
--> statement-breakpoint
-- Messages that an address did not take for the moment, as SHA-256 of channel and address. Too many suppress it.
CREATE TABLE notification.transient_bounces (
  address_hash bytea NOT NULL,
  feedback_id text NOT NULL,
  bounced_at timestamptz NOT NULL,
  PRIMARY KEY (address_hash, feedback_id)
);
--> statement-breakpoint
CREATE INDEX transient_bounces_by_age ON notification.transient_bounces (bounced_at);
--> statement-breakpoint
GRANT SELECT, INSERT, UPDATE, DELETE ON notification.notices, notification.acknowledged_alerts,
  notification.transient_bounces, notification.erased_patients TO careflow_notification;
--> statement-breakpoint
GRANT DELETE ON notification.reminders TO careflow_notification;
--> statement-breakpoint
ALTER TABLE patient.contact_points
  DROP CONSTRAINT contact_point_channel,
  -- `push` is the ARN of an SNS platform endpoint.
  ADD CONSTRAINT contact_point_channel CHECK (channel IN ('email', 'sms', 'push'));
--> statement-breakpoint
CREATE OR REPLACE VIEW patient.published_contact_points AS
  SELECT p.id AS patient_id, p.country_code, p.time_zone, e.value AS email, s.value AS phone,
    coalesce(r.language, 'en') AS language, coalesce(r.channels, '{}') AS channels,
    r.quiet_start_minute, r.quiet_end_minute, n.value AS push
  FROM patient.patients p
  LEFT JOIN patient.contact_points e ON e.patient_id = p.id AND e.channel = 'email'
  LEFT JOIN patient.contact_points s ON s.patient_id = p.id AND s.channel = 'sms'
  LEFT JOIN patient.contact_points n ON n.patient_id = p.id AND n.channel = 'push'
  LEFT JOIN patient.preferences r ON r.patient_id = p.id;
--> statement-breakpoint
ALTER TABLE practitioner.practitioners
  ADD COLUMN quiet_start_minute smallint,
  ADD COLUMN quiet_end_minute smallint,
  ADD CONSTRAINT practitioner_quiet_hours CHECK (
    (quiet_start_minute IS NULL) = (quiet_end_minute IS NULL)
    AND quiet_start_minute BETWEEN 0 AND 1439 AND quiet_end_minute BETWEEN 0 AND 1439
  );
--> statement-breakpoint
CREATE OR REPLACE VIEW practitioner.published_practitioners AS
  SELECT country_code, id, ordinal, given_name, family_name, time_zone, address, city, email, phone, language, channels,
    quiet_start_minute, quiet_end_minute
  FROM practitioner.practitioners;
--> statement-breakpoint
-- Who is called beside a practitioner who does not answer.
CREATE TABLE practitioner.stand_ins (
  country_code char(2) NOT NULL,
  practitioner_id uuid NOT NULL,
  stand_in_id uuid NOT NULL,
  valid_from timestamptz NOT NULL DEFAULT now(),
  valid_until timestamptz,
  PRIMARY KEY (country_code, practitioner_id, stand_in_id),
  CONSTRAINT stand_in_not_self CHECK (practitioner_id <> stand_in_id),
  CONSTRAINT stand_in_practitioner FOREIGN KEY (country_code, practitioner_id)
    REFERENCES practitioner.practitioners (country_code, id) ON DELETE CASCADE,
  CONSTRAINT stand_in_colleague FOREIGN KEY (country_code, stand_in_id)
    REFERENCES practitioner.practitioners (country_code, id) ON DELETE CASCADE
);
--> statement-breakpoint
CREATE VIEW practitioner.published_stand_ins AS
  SELECT country_code, practitioner_id, stand_in_id, valid_from, valid_until FROM practitioner.stand_ins;
--> statement-breakpoint
GRANT SELECT, INSERT, UPDATE, DELETE ON practitioner.stand_ins TO careflow_practitioner;
--> statement-breakpoint
GRANT SELECT ON practitioner.published_stand_ins TO careflow_practitioner, careflow_practitioner_reader;
