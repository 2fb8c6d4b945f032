CREATE SCHEMA laboratory;
--> statement-breakpoint
-- Every message that was taken, by the month it came in. What must be unique of it is in message_claims: a key of a partitioned
-- table holds within a partition only, and a laboratory may send again what it sent last month.
CREATE TABLE laboratory.messages (
  id uuid NOT NULL,
  received_at timestamptz NOT NULL,
  country_code char(2),
  sender text NOT NULL,
  control_id text NOT NULL,
  content_hash bytea NOT NULL,
  media_type text NOT NULL,
  via text NOT NULL,
  state text NOT NULL,
  PRIMARY KEY (id, received_at),
  CONSTRAINT message_via CHECK (via IN ('http', 'topic')),
  CONSTRAINT message_state CHECK (state IN ('received', 'applied', 'quarantined', 'discarded'))
) PARTITION BY RANGE (received_at);
--> statement-breakpoint
-- Takes what comes in a month that nobody has made a partition for: intake never stops for that.
CREATE TABLE laboratory.messages_other PARTITION OF laboratory.messages DEFAULT;
--> statement-breakpoint
-- Makes the partition of the month that the day is in, and moves there what messages_other has of it.
-- Answers whether there was none.
CREATE FUNCTION laboratory.create_month(day date) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' SET timezone = 'UTC' AS $$
DECLARE
  first timestamptz := date_trunc('month', day::timestamp) AT TIME ZONE 'UTC';
  next timestamptz := (date_trunc('month', day::timestamp) + interval '1 month') AT TIME ZONE 'UTC';
  name text := 'messages_' || to_char(day, 'YYYY_MM');
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended('laboratory.create_month', 0));
  IF to_regclass('laboratory.' || name) IS NOT NULL THEN
    RETURN false;
  END IF;
  EXECUTE format('CREATE TABLE laboratory.%I (LIKE laboratory.messages INCLUDING ALL)', name);
  LOCK TABLE laboratory.messages_other IN ACCESS EXCLUSIVE MODE;
  EXECUTE format(
    'WITH moved AS (
       DELETE FROM laboratory.messages_other WHERE received_at >= %L AND received_at < %L RETURNING *
     ) INSERT INTO laboratory.%I SELECT * FROM moved', first, next, name);
  EXECUTE format(
    'ALTER TABLE laboratory.messages ATTACH PARTITION laboratory.%I FOR VALUES FROM (%L) TO (%L)', name, first, next);
  RETURN true;
END
$$;
--> statement-breakpoint
SELECT laboratory.create_month((now() + make_interval(months => ahead))::date) FROM generate_series(0, 3) AS ahead;
--> statement-breakpoint
-- A sender numbers its messages once; the same number with other content is a fault of theirs.
CREATE TABLE laboratory.message_claims (
  sender text NOT NULL,
  control_id text NOT NULL,
  content_hash bytea NOT NULL,
  message_id uuid NOT NULL,
  received_at timestamptz NOT NULL,
  -- When it was in the log for certain; what is not may be sent again.
  published_at timestamptz,
  CONSTRAINT message_claim_once PRIMARY KEY (sender, control_id)
);
--> statement-breakpoint
CREATE INDEX message_claims_by_age ON laboratory.message_claims (received_at);
--> statement-breakpoint
-- What a message is sealed with in the topic and in quarantine, for as long as somebody has to read it.
CREATE TABLE laboratory.message_keys (
  message_id uuid PRIMARY KEY,
  key bytea NOT NULL,
  created_at timestamptz NOT NULL
);
--> statement-breakpoint
CREATE INDEX message_keys_by_age ON laboratory.message_keys (created_at);
--> statement-breakpoint
-- Messages whose results are shown to nobody until somebody has looked at them.
CREATE TABLE laboratory.quarantine (
  id uuid PRIMARY KEY,
  message_id uuid NOT NULL,
  country_code char(2),
  sender text NOT NULL,
  control_id text NOT NULL,
  media_type text NOT NULL,
  reason text NOT NULL,
  -- What speaks against it, in the words of a program; nothing of the message.
  details text[] NOT NULL DEFAULT '{}',
  sealed text NOT NULL,
  received_at timestamptz NOT NULL,
  state text NOT NULL DEFAULT 'waiting',
  decided_by text,
  decided_at timestamptz,
  CONSTRAINT quarantine_once UNIQUE (message_id),
  CONSTRAINT quarantine_reason CHECK (reason IN ('control-id-reused', 'wrong-patient', 'unreadable')),
  CONSTRAINT quarantine_state CHECK (state IN ('waiting', 'released', 'discarded')),
  CONSTRAINT quarantine_decided CHECK ((state = 'waiting') = (decided_at IS NULL))
);
--> statement-breakpoint
CREATE INDEX quarantine_waiting ON laboratory.quarantine (received_at, id) WHERE state = 'waiting';
--> statement-breakpoint
CREATE INDEX quarantine_by_age ON laboratory.quarantine (decided_at) WHERE decided_at IS NOT NULL;
--> statement-breakpoint
-- The newest of what was said of an order. Ids follow from what they identify, so that whatever the order of arrival, the same
-- messages make the same rows. Contents are kept to the letter (json, not jsonb): two that say the same are the same text.
CREATE TABLE laboratory.reports (
  id uuid PRIMARY KEY,
  country_code char(2) NOT NULL,
  patient_id uuid NOT NULL,
  -- Who ordered it, where that is one of ours.
  practitioner_id uuid,
  -- The home test kit that its specimen came in.
  test_kit_id uuid,
  sender text NOT NULL,
  filler_order text NOT NULL,
  identity text NOT NULL,
  -- How many different things were said of it and its observations.
  version integer NOT NULL,
  status text NOT NULL,
  category text NOT NULL,
  content json NOT NULL,
  changed_at text,
  sent_at text,
  digest text NOT NULL,
  effective_at timestamptz NOT NULL,
  -- Whether the laboratory ever stood by it, and since when that is known here.
  conclusive_at timestamptz,
  reviewed_at timestamptz,
  reviewed_by text,
  -- When an office let the patient see it, whatever held it.
  forced_at timestamptz,
  forced_by text,
  -- When the patient may see it, and why not before; since when they can.
  release_at timestamptz,
  held_because text[] NOT NULL DEFAULT '{}',
  released_at timestamptz,
  CONSTRAINT report_identity UNIQUE (sender, identity),
  CONSTRAINT report_category CHECK (category IN ('routine', 'sensitive', 'pathology', 'genetic')),
  CONSTRAINT report_released CHECK (released_at IS NULL OR release_at IS NOT NULL)
);
--> statement-breakpoint
CREATE INDEX reports_by_patient ON laboratory.reports (patient_id, effective_at DESC, id);
--> statement-breakpoint
CREATE INDEX reports_by_order ON laboratory.reports (sender, filler_order);
--> statement-breakpoint
CREATE INDEX reports_due ON laboratory.reports (release_at) WHERE released_at IS NULL AND release_at IS NOT NULL;
--> statement-breakpoint
-- Everything that was ever said of a report, each thing once.
CREATE TABLE laboratory.report_versions (
  report_id uuid NOT NULL REFERENCES laboratory.reports (id) ON DELETE CASCADE,
  telling text NOT NULL,
  status text NOT NULL,
  content json NOT NULL,
  changed_at text,
  sent_at text,
  digest text NOT NULL,
  PRIMARY KEY (report_id, telling)
);
--> statement-breakpoint
-- Why a patient could not see a report, and from when on.
CREATE TABLE laboratory.release_decisions (
  report_id uuid NOT NULL REFERENCES laboratory.reports (id) ON DELETE CASCADE,
  seq bigint GENERATED ALWAYS AS IDENTITY,
  decided_at timestamptz NOT NULL,
  release_at timestamptz,
  held_because text[] NOT NULL,
  PRIMARY KEY (report_id, seq)
);
--> statement-breakpoint
CREATE TABLE laboratory.observations (
  id uuid PRIMARY KEY,
  report_id uuid NOT NULL REFERENCES laboratory.reports (id) ON DELETE CASCADE,
  patient_id uuid NOT NULL,
  identity text NOT NULL,
  status text NOT NULL,
  content json NOT NULL,
  changed_at text,
  analysed_at text,
  sent_at text,
  digest text NOT NULL,
  effective_at timestamptz NOT NULL,
  -- What its sender calls it, and what the world does; without the latter it waits for somebody to say.
  local_system text NOT NULL,
  local_code text NOT NULL,
  loinc text,
  is_parked boolean NOT NULL,
  is_critical boolean NOT NULL,
  -- Whether the laboratory ever stood by it.
  was_conclusive boolean NOT NULL,
  CONSTRAINT observation_identity UNIQUE (report_id, identity)
);
--> statement-breakpoint
CREATE INDEX observations_by_analyte ON laboratory.observations (patient_id, loinc, effective_at DESC, id);
--> statement-breakpoint
CREATE INDEX observations_by_patient ON laboratory.observations (patient_id, effective_at DESC, id);
--> statement-breakpoint
CREATE INDEX observations_parked ON laboratory.observations (local_system, local_code) WHERE is_parked;
--> statement-breakpoint
CREATE TABLE laboratory.observation_versions (
  observation_id uuid NOT NULL REFERENCES laboratory.observations (id) ON DELETE CASCADE,
  telling text NOT NULL,
  status text NOT NULL,
  content json NOT NULL,
  changed_at text,
  analysed_at text,
  sent_at text,
  digest text NOT NULL,
  PRIMARY KEY (observation_id, telling)
);
--> statement-breakpoint
-- What came embedded: the content of a version names its document by id.
CREATE TABLE laboratory.documents (
  id uuid PRIMARY KEY,
  report_id uuid NOT NULL REFERENCES laboratory.reports (id) ON DELETE CASCADE,
  content_type text NOT NULL,
  data bytea NOT NULL
);
--> statement-breakpoint
CREATE INDEX documents_by_report ON laboratory.documents (report_id);
--> statement-breakpoint
-- What laboratories call their tests, with the LOINC code each is mapped to; without one it is a task for somebody.
CREATE TABLE laboratory.local_codes (
  id uuid PRIMARY KEY,
  country_code char(2) NOT NULL,
  sender text NOT NULL,
  system text NOT NULL,
  code text NOT NULL,
  display text,
  loinc text,
  mapped_by text,
  mapped_at timestamptz,
  CONSTRAINT local_code_once UNIQUE (sender, system, code),
  CONSTRAINT local_code_mapped CHECK ((loinc IS NULL) = (mapped_at IS NULL))
);
--> statement-breakpoint
CREATE INDEX local_codes_open ON laboratory.local_codes (country_code, id) WHERE loinc IS NULL;
--> statement-breakpoint
-- Limits of an analyte beyond which a clinician has to know at once, whatever the laboratory flagged.
CREATE TABLE laboratory.critical_limits (
  loinc text NOT NULL,
  unit text NOT NULL,
  low numeric,
  high numeric,
  PRIMARY KEY (loinc, unit),
  CONSTRAINT critical_limit CHECK (low IS NOT NULL OR high IS NOT NULL)
);
--> statement-breakpoint
CREATE TABLE laboratory.critical_alerts (
  id uuid PRIMARY KEY,
  country_code char(2) NOT NULL,
  report_id uuid NOT NULL REFERENCES laboratory.reports (id) ON DELETE CASCADE,
  observation_id uuid NOT NULL REFERENCES laboratory.observations (id) ON DELETE CASCADE,
  patient_id uuid NOT NULL,
  -- Empty while there is nobody to tell: the duty clinician is told as soon as there is one.
  practitioner_id uuid,
  report_version integer NOT NULL,
  raised_at timestamptz NOT NULL,
  step smallint NOT NULL DEFAULT 0,
  acknowledged_at timestamptz,
  acknowledged_by text,
  -- Corrected or retracted before anybody took note.
  closed_at timestamptz,
  CONSTRAINT critical_alert_step CHECK (step BETWEEN 0 AND 3)
);
--> statement-breakpoint
CREATE INDEX critical_alerts_open ON laboratory.critical_alerts (raised_at)
  WHERE acknowledged_at IS NULL AND closed_at IS NULL;
--> statement-breakpoint
CREATE INDEX critical_alerts_by_observation ON laboratory.critical_alerts (observation_id);
--> statement-breakpoint
CREATE INDEX critical_alerts_by_report ON laboratory.critical_alerts (report_id);
--> statement-breakpoint
CREATE INDEX critical_alerts_by_practitioner ON laboratory.critical_alerts (practitioner_id, raised_at);
--> statement-breakpoint
-- Who is told of critical results that nobody of ours ordered, and of those that nobody takes note of.
CREATE TABLE laboratory.duty_clinicians (
  country_code char(2) PRIMARY KEY,
  practitioner_id uuid NOT NULL
);
--> statement-breakpoint
CREATE TABLE laboratory.release_preferences (
  patient_id uuid PRIMARY KEY,
  preference text NOT NULL,
  CONSTRAINT release_preference CHECK (preference IN ('as-advised', 'at-once', 'after-review'))
);
--> statement-breakpoint
CREATE TABLE laboratory.inbox (
  consumer text NOT NULL,
  source text NOT NULL,
  event_id text NOT NULL,
  processed_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT laboratory_inbox PRIMARY KEY (consumer, source, event_id)
);
--> statement-breakpoint
CREATE INDEX laboratory_inbox_by_age ON laboratory.inbox (processed_at);
--> statement-breakpoint
CREATE TABLE laboratory.outbox (
  seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  topic text NOT NULL,
  partition_key text NOT NULL,
  event json NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  sent_at timestamptz
);
--> statement-breakpoint
CREATE INDEX laboratory_outbox_unsent ON laboratory.outbox (partition_key, seq) WHERE sent_at IS NULL;
--> statement-breakpoint
CREATE TABLE laboratory.idempotency_keys (
  subject text NOT NULL,
  operation text NOT NULL,
  key text NOT NULL,
  fingerprint bytea NOT NULL,
  status smallint NOT NULL,
  body json,
  created_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT laboratory_idempotency_keys PRIMARY KEY (subject, operation, key)
);
--> statement-breakpoint
CREATE INDEX laboratory_idempotency_keys_by_age ON laboratory.idempotency_keys (created_at);
--> statement-breakpoint
-- What others may know: that there is a report and since when its patient sees it; nothing of what it says.
CREATE VIEW laboratory.published_reports AS
  SELECT id AS report_id, country_code, patient_id, practitioner_id, version, released_at FROM laboratory.reports;
--> statement-breakpoint
CREATE VIEW laboratory.published_alerts AS
  SELECT id AS alert_id, report_id, country_code, patient_id, practitioner_id, raised_at, step, acknowledged_at, closed_at
  FROM laboratory.critical_alerts;
--> statement-breakpoint
GRANT USAGE ON SCHEMA laboratory TO careflow_laboratory, careflow_laboratory_reader;
--> statement-breakpoint
GRANT SELECT ON laboratory.published_reports, laboratory.published_alerts TO careflow_laboratory_reader;
--> statement-breakpoint
REVOKE EXECUTE ON FUNCTION laboratory.create_month FROM PUBLIC;
--> statement-breakpoint
GRANT EXECUTE ON FUNCTION laboratory.create_month TO careflow_laboratory;
--> statement-breakpoint
GRANT SELECT, INSERT, UPDATE ON laboratory.messages, laboratory.observations, laboratory.critical_alerts,
  laboratory.local_codes, laboratory.duty_clinicians TO careflow_laboratory;
--> statement-breakpoint
GRANT SELECT, INSERT ON laboratory.report_versions, laboratory.observation_versions, laboratory.release_decisions,
  laboratory.documents TO careflow_laboratory;
--> statement-breakpoint
GRANT SELECT ON laboratory.critical_limits TO careflow_laboratory;
--> statement-breakpoint
-- A report goes with all that hangs on it.
GRANT SELECT, INSERT, UPDATE, DELETE ON laboratory.reports, laboratory.message_claims, laboratory.message_keys,
  laboratory.quarantine, laboratory.release_preferences, laboratory.inbox, laboratory.outbox, laboratory.idempotency_keys
  TO careflow_laboratory;
--> statement-breakpoint
-- To begin with, until a laboratory's own take their place: the means of what US medical centres use for adults (Kost, Critical
-- limits for urgent clinician notification, JAMA 1990;263:704-707); units in UCUM. LOINC has a code of its own for an amount of
-- substance, and laboratories send mmol/L under that of the mass as well.
INSERT INTO laboratory.critical_limits (loinc, unit, low, high) VALUES
  ('2823-3', 'mmol/L', 2.8, 6.2),
  ('2823-3', 'meq/L', 2.8, 6.2),
  ('2951-2', 'mmol/L', 120, 158),
  ('2951-2', 'meq/L', 120, 158),
  ('14749-6', 'mmol/L', 2.6, 26.9),
  ('2345-7', 'mmol/L', 2.6, 26.9),
  ('2345-7', 'mg/dL', 46, 484),
  ('2000-8', 'mmol/L', 1.65, 3.22),
  ('17861-6', 'mmol/L', 1.65, 3.22),
  ('17861-6', 'mg/dL', 6.6, 12.9),
  ('718-7', 'g/dL', 6.6, 19.9),
  ('718-7', 'g/L', 66, 199),
  ('777-3', '10*3/uL', 37, 910),
  ('777-3', '10*9/L', 37, 910);
--> statement-breakpoint
-- What other parties call a patient. In the patient context: who somebody is, is not for a laboratory to keep.
CREATE TABLE patient.identifiers (
  -- The assigning authority as messages name it.
  authority text NOT NULL,
  value text NOT NULL,
  patient_id uuid NOT NULL REFERENCES patient.patients (id) ON DELETE CASCADE,
  PRIMARY KEY (authority, value)
);
--> statement-breakpoint
CREATE INDEX identifiers_by_patient ON patient.identifiers (patient_id);
--> statement-breakpoint
CREATE VIEW patient.published_identities AS
  SELECT id AS patient_id, country_code, birth_date, sex FROM patient.patients;
--> statement-breakpoint
CREATE VIEW patient.published_identifiers AS
  SELECT authority, value, patient_id FROM patient.identifiers;
--> statement-breakpoint
GRANT SELECT, INSERT, UPDATE, DELETE ON patient.identifiers TO careflow_patient;
--> statement-breakpoint
GRANT SELECT ON patient.published_identities, patient.published_identifiers TO careflow_patient_reader;
