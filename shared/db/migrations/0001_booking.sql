CREATE SCHEMA booking;
--> statement-breakpoint
CREATE TABLE booking.bookings (
  id uuid PRIMARY KEY,
  country_code char(2) NOT NULL,
  practitioner_id uuid NOT NULL,
  patient_id uuid NOT NULL,
  visit_type_id uuid NOT NULL,
  specialty text NOT NULL,
  status text NOT NULL,
  version integer NOT NULL DEFAULT 1,
  slot_start timestamptz NOT NULL,
  slot_end timestamptz NOT NULL,
  -- The slot with its buffers.
  busy_start timestamptz NOT NULL,
  busy_end timestamptz NOT NULL,
  hold_expires_at timestamptz,
  acted_by text NOT NULL,
  acted_as text NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  CONSTRAINT booking_status CHECK (status IN ('held', 'confirmed', 'completed', 'cancelled', 'no_show', 'released')),
  CONSTRAINT booking_slot CHECK (slot_start < slot_end AND busy_start <= slot_start AND slot_end <= busy_end),
  CONSTRAINT booking_hold CHECK (status <> 'held' OR hold_expires_at IS NOT NULL)
);
--> statement-breakpoint
CREATE UNIQUE INDEX idx_no_double_book ON booking.bookings (practitioner_id, slot_start) WHERE status = 'confirmed';
--> statement-breakpoint
-- After the unique index: PostgreSQL checks indexes in the order of their making, and a unique index makes a rival wait
-- without having entered itself, where two rivals in an exclusion constraint would wait for one another.
ALTER TABLE booking.bookings
  ADD CONSTRAINT no_practitioner_overlap EXCLUDE USING gist (
    practitioner_id WITH =, tstzrange(busy_start, busy_end, '[)') WITH &&
  ) WHERE (status IN ('held', 'confirmed'));
--> statement-breakpoint
-- Makes those who want time of one practitioner, or for one patient, take turns until their transactions end: the
-- constraints stay the gate, but rivals wait here in order and never deadlock there. Practitioner before patient, always.
-- Whoever gives time to a patient has taken both turns: what they read of the patient afterwards stays true.
CREATE FUNCTION booking.take_turn(practitioner uuid, patient uuid) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended(practitioner::text, 1));
  PERFORM pg_advisory_xact_lock(hashtextextended(patient::text, 2));
END
$$;
--> statement-breakpoint
-- Whether one may have one's turn at once, and nothing of the patient's speaks against a slot then: held or confirmed time
-- that overlaps it, or, where a specialty is given, a confirmed visit of that specialty so near that the rule of six local
-- days has to be asked. That reaches less than seven days, and where the clock goes back two hours more (Antarctica/Troll).
CREATE FUNCTION booking.is_clear_for(
  practitioner uuid, patient uuid, wanted_start timestamptz, wanted_end timestamptz, wanted_specialty text
) RETURNS boolean
LANGUAGE plpgsql AS $$
BEGIN
  -- As take_turn, without waiting: many are asked for in one statement, and none may keep the others waiting.
  IF NOT pg_try_advisory_xact_lock(hashtextextended(practitioner::text, 1))
    OR NOT pg_try_advisory_xact_lock(hashtextextended(patient::text, 2)) THEN
    RETURN false;
  END IF;
  -- A statement of its own, so that it sees what was committed until it had its turn.
  RETURN NOT EXISTS (
    SELECT FROM booking.bookings
    WHERE patient_id = patient
      AND slot_start > wanted_start - interval '171 hours' AND slot_start < wanted_start + interval '171 hours'
      AND (
        status IN ('held', 'confirmed') AND slot_start < wanted_end AND wanted_start < slot_end
        OR status = 'confirmed' AND specialty = wanted_specialty
      )
  );
END
$$;
--> statement-breakpoint
CREATE INDEX bookings_by_practitioner ON booking.bookings (practitioner_id, slot_start, id);
--> statement-breakpoint
CREATE INDEX bookings_by_patient ON booking.bookings (patient_id, slot_start, id);
--> statement-breakpoint
CREATE INDEX bookings_by_country ON booking.bookings (country_code, slot_start, id);
--> statement-breakpoint
CREATE INDEX holds_by_expiry ON booking.bookings (hold_expires_at) WHERE status = 'held';
--> statement-breakpoint
-- Every former state of a booking; the present one is in bookings.
CREATE TABLE booking.booking_history (
  booking_id uuid NOT NULL REFERENCES booking.bookings (id),
  version integer NOT NULL,
  status text NOT NULL,
  slot_start timestamptz NOT NULL,
  slot_end timestamptz NOT NULL,
  acted_by text NOT NULL,
  acted_as text NOT NULL,
  -- Why it was left, in the words of who changed it: clinical in content, never in an event or a log.
  left_because text,
  left_at timestamptz NOT NULL,
  PRIMARY KEY (booking_id, version)
);
--> statement-breakpoint
CREATE TABLE booking.outbox (
  seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  topic text NOT NULL,
  partition_key text NOT NULL,
  event json NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  sent_at timestamptz
);
--> statement-breakpoint
CREATE INDEX booking_outbox_unsent ON booking.outbox (partition_key, seq) WHERE sent_at IS NULL;
--> statement-breakpoint
CREATE TABLE booking.idempotency_keys (
  subject text NOT NULL,
  operation text NOT NULL,
  key text NOT NULL,
  fingerprint bytea NOT NULL,
  status smallint NOT NULL,
  -- As it was answered, to the letter.
  body json,
  created_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT booking_idempotency_keys PRIMARY KEY (subject, operation, key)
);
--> statement-breakpoint
CREATE INDEX booking_idempotency_keys_by_age ON booking.idempotency_keys (created_at);
--> statement-breakpoint
GRANT USAGE ON SCHEMA booking TO careflow_booking;
--> statement-breakpoint
GRANT SELECT, INSERT, UPDATE ON booking.bookings TO careflow_booking;
--> statement-breakpoint
GRANT SELECT, INSERT ON booking.booking_history TO careflow_booking;
--> statement-breakpoint
GRANT SELECT, INSERT, UPDATE, DELETE ON booking.outbox, booking.idempotency_keys TO careflow_booking;
