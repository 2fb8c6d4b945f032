-- Accounts, consent, sessions and orders of the patient context.
-- Every patient's own key, wrapped by a secret that is not kept here: what is sealed with it is readable until it is destroyed.
-- The row outlasts patient and key, so that nobody who was erased is given another.
CREATE TABLE patient.subject_keys (
  patient_id uuid PRIMARY KEY,
  wrapped_key text,
  created_at timestamptz NOT NULL DEFAULT now(),
  destroyed_at timestamptz,
  CONSTRAINT subject_key_destroyed CHECK ((wrapped_key IS NULL) = (destroyed_at IS NOT NULL))
);
--> statement-breakpoint
-- Keeps the key of a patient who has none and answers the one that is kept; null where it was destroyed. Whoever comes at the
-- same time is answered the same. A function, so that contexts that may only read can seal for somebody for the first time.
CREATE FUNCTION patient.keep_subject_key(patient uuid, wrapped text) RETURNS text
LANGUAGE sql SECURITY DEFINER SET search_path = '' AS $$
  INSERT INTO patient.subject_keys AS kept (patient_id, wrapped_key) VALUES (patient, wrapped)
  ON CONFLICT (patient_id) DO UPDATE SET patient_id = kept.patient_id
  RETURNING wrapped_key
$$;
--> statement-breakpoint
REVOKE EXECUTE ON FUNCTION patient.keep_subject_key FROM PUBLIC;
--> statement-breakpoint
GRANT EXECUTE ON FUNCTION patient.keep_subject_key TO careflow_patient, careflow_patient_reader;
--> statement-breakpoint
CREATE VIEW patient.published_subject_keys AS SELECT patient_id, wrapped_key FROM patient.subject_keys;
--> statement-breakpoint
GRANT SELECT ON patient.published_subject_keys TO careflow_patient, careflow_patient_reader;
--> statement-breakpoint
GRANT SELECT, INSERT, UPDATE ON patient.subject_keys TO careflow_patient;
--> statement-breakpoint
-- A patient without a row has an account that is active and that nobody has told of yet. No foreign key here or below: what
-- comes in events may come before the patient does, and the row of one who was erased stays.
CREATE TABLE patient.accounts (
  patient_id uuid PRIMARY KEY,
  country_code char(2) NOT NULL,
  version integer NOT NULL,
  status text NOT NULL,
  changed_at timestamptz NOT NULL,
  CONSTRAINT account_status CHECK (status IN ('active', 'suspended', 'erased'))
);
--> statement-breakpoint
-- Makes those who write about one customer take turns until their transactions end, and answers whether the customer was
-- erased: it stays so.
CREATE FUNCTION patient.take_customer_turn(patient uuid) RETURNS boolean
LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended(patient::text, 3));
  -- A statement of its own, so that it sees what was committed until it had its turn.
  RETURN EXISTS (SELECT FROM patient.accounts WHERE patient_id = patient AND status = 'erased');
END
$$;
--> statement-breakpoint
ALTER TABLE patient.preferences
  ADD COLUMN version integer NOT NULL DEFAULT 1,
  DROP CONSTRAINT preferences_patient_id_fkey;
--> statement-breakpoint
-- Append-only: to whom, for what, which text, and since when. `version` counts the decisions on one purpose.
CREATE TABLE patient.consents (
  patient_id uuid NOT NULL,
  purpose text NOT NULL,
  version integer NOT NULL,
  country_code char(2) NOT NULL,
  decision text NOT NULL,
  consent_version text NOT NULL,
  occurred_at timestamptz NOT NULL,
  recorded_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (patient_id, purpose, version),
  CONSTRAINT consent_decision CHECK (decision IN ('given', 'withdrawn'))
);
--> statement-breakpoint
-- What holds for each purpose. Read it whenever it matters: a withdrawal holds from its commit on.
CREATE VIEW patient.published_consents AS
  SELECT DISTINCT ON (patient_id, purpose)
    patient_id, purpose, version, country_code, decision, consent_version, occurred_at
  FROM patient.consents
  ORDER BY patient_id, purpose, version DESC;
--> statement-breakpoint
-- Addresses that took no message, as SHA-256 of channel and address.
CREATE TABLE patient.bounced_addresses (
  patient_id uuid NOT NULL,
  channel text NOT NULL,
  address_hash bytea NOT NULL,
  reason text NOT NULL,
  occurred_at timestamptz NOT NULL,
  PRIMARY KEY (patient_id, channel, address_hash),
  CONSTRAINT bounced_address_channel CHECK (channel IN ('email', 'sms', 'push')),
  CONSTRAINT bounced_address_reason CHECK (reason IN ('bounced', 'complained'))
);
--> statement-breakpoint
-- One a sign-in. The reference is in its tokens; here is its SHA-256. A session that is over stays until no token can bring it
-- back to life.
CREATE TABLE patient.sessions (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  reference_hash bytea NOT NULL,
  subject text NOT NULL,
  country_code char(2),
  started_at timestamptz NOT NULL,
  last_used_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  revoked_at timestamptz,
  CONSTRAINT session_reference UNIQUE (reference_hash)
);
--> statement-breakpoint
CREATE INDEX sessions_by_subject ON patient.sessions (subject, started_at);
--> statement-breakpoint
CREATE INDEX sessions_by_expiry ON patient.sessions (expires_at);
--> statement-breakpoint
-- Whether a session is live, noting its use to the minute; the first use begins it. One clock tells for everybody: this one.
-- A function, so that every context can ask over its reader.
CREATE FUNCTION patient.use_session(reference bytea, who text, country char(2), idle interval, longest interval) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
DECLARE
  at timestamptz := clock_timestamp();
  session patient.sessions;
BEGIN
  SELECT * INTO session FROM patient.sessions WHERE reference_hash = reference;
  IF NOT FOUND THEN
    IF who ~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' THEN
      -- Whoever closes the account has this to themselves until they commit.
      PERFORM pg_advisory_xact_lock_shared(hashtextextended(who::uuid::text, 3));
      IF EXISTS (SELECT FROM patient.accounts WHERE patient_id = who::uuid AND status = 'erased') THEN
        RETURN 'revoked';
      END IF;
    END IF;
    INSERT INTO patient.sessions (reference_hash, subject, country_code, started_at, last_used_at, expires_at)
    VALUES (reference, who, country, at, at, at + longest) ON CONFLICT (reference_hash) DO NOTHING;
    SELECT * INTO session FROM patient.sessions WHERE reference_hash = reference;
  END IF;
  IF session.subject <> who OR session.revoked_at IS NOT NULL THEN
    RETURN 'revoked';
  END IF;
  IF session.expires_at <= at OR session.last_used_at + idle <= at THEN
    RETURN 'expired';
  END IF;
  IF session.last_used_at < at - interval '1 minute' THEN
    UPDATE patient.sessions SET last_used_at = at WHERE id = session.id AND last_used_at < at;
  END IF;
  RETURN 'live';
END
$$;
--> statement-breakpoint
REVOKE EXECUTE ON FUNCTION patient.use_session FROM PUBLIC;
--> statement-breakpoint
GRANT EXECUTE ON FUNCTION patient.use_session TO careflow_patient, careflow_patient_reader;
--> statement-breakpoint
CREATE TABLE patient.orders (
  id uuid PRIMARY KEY,
  patient_id uuid NOT NULL,
  country_code char(2) NOT NULL,
  version integer NOT NULL DEFAULT 1,
  kind text NOT NULL,
  -- Which kit or panel. It tells of somebody's health: in no event and no log.
  item text NOT NULL,
  status text NOT NULL,
  -- Of whoever was paid; nothing of how.
  payment_reference text,
  shipment_reference text,
  test_kit_id uuid,
  report_id uuid,
  placed_at timestamptz NOT NULL,
  changed_at timestamptz NOT NULL,
  acted_by text NOT NULL,
  acted_as text NOT NULL,
  CONSTRAINT order_kind CHECK (kind IN ('test-kit', 'laboratory-panel')),
  CONSTRAINT order_status CHECK (status IN ('placed', 'paid', 'shipped', 'registered', 'resulted', 'cancelled')),
  CONSTRAINT order_of_test_kit UNIQUE (test_kit_id)
);
--> statement-breakpoint
CREATE INDEX orders_by_patient ON patient.orders (patient_id, placed_at, id);
--> statement-breakpoint
CREATE INDEX orders_by_country ON patient.orders (country_code, placed_at, id);
--> statement-breakpoint
-- A payment pays one order.
CREATE UNIQUE INDEX order_of_payment ON patient.orders (country_code, payment_reference) WHERE payment_reference IS NOT NULL;
--> statement-breakpoint
-- Registrations of test kits, which may be known before the order they belong to is known to have been paid and shipped.
CREATE TABLE patient.kit_registrations (
  test_kit_id uuid PRIMARY KEY,
  patient_id uuid NOT NULL,
  order_id uuid,
  registered_at timestamptz NOT NULL
);
--> statement-breakpoint
CREATE INDEX kit_registrations_by_patient ON patient.kit_registrations (patient_id);
--> statement-breakpoint
-- Results of test kits, which may be known before the order they belong to is known to have been registered.
CREATE TABLE patient.kit_results (
  test_kit_id uuid PRIMARY KEY,
  patient_id uuid NOT NULL,
  report_id uuid NOT NULL,
  released_at timestamptz NOT NULL
);
--> statement-breakpoint
CREATE INDEX kit_results_by_patient ON patient.kit_results (patient_id);
--> statement-breakpoint
CREATE TABLE patient.inbox (
  consumer text NOT NULL,
  source text NOT NULL,
  event_id text NOT NULL,
  processed_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT patient_inbox PRIMARY KEY (consumer, source, event_id)
);
--> statement-breakpoint
CREATE INDEX patient_inbox_by_age ON patient.inbox (processed_at);
--> statement-breakpoint
CREATE TABLE patient.outbox (
  seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  topic text NOT NULL,
  partition_key text NOT NULL,
  event json NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  sent_at timestamptz
);
--> statement-breakpoint
CREATE INDEX patient_outbox_unsent ON patient.outbox (partition_key, seq) WHERE sent_at IS NULL;
--> statement-breakpoint
CREATE TABLE patient.idempotency_keys (
  subject text NOT NULL,
  operation text NOT NULL,
  key text NOT NULL,
  fingerprint bytea NOT NULL,
  status smallint NOT NULL,
  -- As it was answered, to the letter.
  body json,
  created_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT patient_idempotency_keys PRIMARY KEY (subject, operation, key)
);
--> statement-breakpoint
CREATE INDEX patient_idempotency_keys_by_age ON patient.idempotency_keys (created_at);
--> statement-breakpoint
GRANT SELECT, INSERT, UPDATE ON patient.accounts TO careflow_patient;
--> statement-breakpoint
GRANT SELECT, INSERT ON patient.consents TO careflow_patient;
--> statement-breakpoint
GRANT SELECT ON patient.published_consents TO careflow_patient, careflow_patient_reader;
--> statement-breakpoint
GRANT SELECT ON patient.published_patients, patient.published_contact_points, patient.published_proxies TO careflow_patient;
--> statement-breakpoint
GRANT SELECT, INSERT, UPDATE, DELETE ON patient.bounced_addresses, patient.sessions, patient.orders, patient.kit_registrations,
  patient.kit_results, patient.inbox, patient.outbox, patient.idempotency_keys TO careflow_patient;
