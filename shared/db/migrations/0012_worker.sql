CREATE SCHEMA worker;
--> statement-breakpoint
-- What became of each job: the claim that keeps it from being done twice, however often its event comes.
CREATE TABLE worker.job_runs (
  type text NOT NULL,
  idempotency_key text NOT NULL,
  -- Whom it concerns; null where it concerns nobody.
  patient_id uuid,
  state text NOT NULL,
  attempts integer NOT NULL,
  -- Whoever took it up last.
  holder uuid NOT NULL,
  lease_until timestamptz,
  deadline timestamptz NOT NULL,
  -- A claim ran out with its outcome unknown and was taken up again: what it sends may come twice.
  may_repeat boolean NOT NULL DEFAULT false,
  -- The code of the last failure, or why there was nothing to do.
  reason text,
  provider_message_id text,
  created_at timestamptz NOT NULL,
  ended_at timestamptz,
  CONSTRAINT job_run PRIMARY KEY (type, idempotency_key),
  CONSTRAINT job_run_state CHECK (state IN ('running', 'failed', 'done', 'dropped', 'refused', 'expired')),
  CONSTRAINT job_run_lease CHECK ((state = 'running') = (lease_until IS NOT NULL)),
  CONSTRAINT job_run_reason CHECK (state NOT IN ('failed', 'dropped', 'refused', 'expired') OR reason IS NOT NULL)
);
--> statement-breakpoint
CREATE INDEX job_runs_by_age ON worker.job_runs (created_at);
--> statement-breakpoint
CREATE INDEX job_runs_by_patient ON worker.job_runs (patient_id) WHERE patient_id IS NOT NULL;
--> statement-breakpoint
CREATE TABLE worker.exports (
  id uuid PRIMARY KEY,
  country_code char(2) NOT NULL,
  patient_id uuid NOT NULL,
  requested_by text NOT NULL,
  requested_at timestamptz NOT NULL,
  status text NOT NULL DEFAULT 'requested',
  -- Sealed with the patient's own key.
  archive text,
  completed_at timestamptz,
  expires_at timestamptz,
  CONSTRAINT export_status CHECK (status IN ('requested', 'completed', 'failed', 'expired')),
  CONSTRAINT export_archive CHECK ((status = 'completed') = (archive IS NOT NULL)),
  CONSTRAINT export_expiry CHECK (status <> 'completed' OR expires_at IS NOT NULL)
);
--> statement-breakpoint
CREATE UNIQUE INDEX export_under_way ON worker.exports (patient_id) WHERE status = 'requested';
--> statement-breakpoint
CREATE INDEX exports_by_patient ON worker.exports (patient_id);
--> statement-breakpoint
CREATE INDEX exports_by_expiry ON worker.exports (expires_at) WHERE status = 'completed';
--> statement-breakpoint
CREATE TABLE worker.erasures (
  id uuid PRIMARY KEY,
  country_code char(2) NOT NULL,
  patient_id uuid NOT NULL,
  requested_by text NOT NULL,
  requested_at timestamptz NOT NULL,
  status text NOT NULL DEFAULT 'requested',
  completed_at timestamptz,
  -- The patient's birth date, which decides how long law keeps records, when the patient's own record is erased before the last
  -- of them is found. Sealed with the patient's own key: it goes with that.
  born_on text,
  CONSTRAINT erasure_status CHECK (status IN ('requested', 'completed', 'failed'))
);
--> statement-breakpoint
CREATE UNIQUE INDEX erasure_under_way ON worker.erasures (patient_id) WHERE status <> 'failed';
--> statement-breakpoint
-- Which parts of an erasure are done: after a crash it goes on behind them.
CREATE TABLE worker.erasure_steps (
  erasure_id uuid NOT NULL REFERENCES worker.erasures (id),
  step text NOT NULL,
  erased integer NOT NULL,
  done_at timestamptz NOT NULL,
  PRIMARY KEY (erasure_id, step)
);
--> statement-breakpoint
-- What law keeps of those who were erased: sealed with a public key whose private half no function has.
CREATE TABLE worker.retained_records (
  erasure_id uuid NOT NULL REFERENCES worker.erasures (id),
  context text NOT NULL,
  -- SHA-256 of what is sealed: whoever repeats a step that a crash cut off keeps nothing twice.
  digest bytea NOT NULL,
  law text NOT NULL,
  kept_until date NOT NULL,
  records integer NOT NULL,
  sealed text NOT NULL,
  retained_at timestamptz NOT NULL,
  PRIMARY KEY (erasure_id, context, law, digest)
);
--> statement-breakpoint
CREATE INDEX retained_records_by_end ON worker.retained_records (kept_until);
--> statement-breakpoint
CREATE TABLE worker.idempotency_keys (
  subject text NOT NULL,
  operation text NOT NULL,
  key text NOT NULL,
  fingerprint bytea NOT NULL,
  status smallint NOT NULL,
  -- As it was answered, to the letter.
  body json,
  created_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT worker_idempotency_keys PRIMARY KEY (subject, operation, key)
);
--> statement-breakpoint
CREATE INDEX worker_idempotency_keys_by_age ON worker.idempotency_keys (created_at);
--> statement-breakpoint
CREATE TABLE worker.outbox (
  seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  topic text NOT NULL,
  partition_key text NOT NULL,
  event json NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  sent_at timestamptz
);
--> statement-breakpoint
CREATE INDEX worker_outbox_unsent ON worker.outbox (partition_key, seq) WHERE sent_at IS NULL;
--> statement-breakpoint
GRANT USAGE ON SCHEMA worker TO careflow_worker;
--> statement-breakpoint
GRANT SELECT, INSERT, UPDATE ON worker.erasures TO careflow_worker;
--> statement-breakpoint
GRANT SELECT, INSERT ON worker.erasure_steps TO careflow_worker;
--> statement-breakpoint
GRANT SELECT, INSERT, DELETE ON worker.retained_records TO careflow_worker;
--> statement-breakpoint
GRANT SELECT, INSERT, UPDATE, DELETE ON worker.job_runs, worker.exports, worker.idempotency_keys, worker.outbox
  TO careflow_worker;
--> statement-breakpoint
-- A former state of a booking stays as it was, but for who acted and in what words, when they are erased.
GRANT UPDATE (acted_by, left_because) ON booking.booking_history TO careflow_booking;
--> statement-breakpoint
-- The ledger of consents is only added to, until its patient is erased: then it is sealed and kept apart.
GRANT DELETE ON patient.consents TO careflow_patient;
--> statement-breakpoint
-- Whoever is being erased is found by nobody any more from the moment on at which their account is closed. Their addresses stay
-- published until they are erased: the last messages go there.
CREATE OR REPLACE VIEW patient.published_patients AS
  SELECT p.id, p.country_code, p.time_zone FROM patient.patients p
  WHERE NOT EXISTS (SELECT FROM patient.accounts a WHERE a.patient_id = p.id AND a.status = 'erased');
--> statement-breakpoint
CREATE OR REPLACE VIEW patient.published_identities AS
  SELECT p.id AS patient_id, p.country_code, p.birth_date, p.sex FROM patient.patients p
  WHERE NOT EXISTS (SELECT FROM patient.accounts a WHERE a.patient_id = p.id AND a.status = 'erased');
--> statement-breakpoint
CREATE OR REPLACE VIEW patient.published_identifiers AS
  SELECT i.authority, i.value, i.patient_id FROM patient.identifiers i
  WHERE NOT EXISTS (SELECT FROM patient.accounts a WHERE a.patient_id = i.patient_id AND a.status = 'erased');
--> statement-breakpoint
-- How long months are kept is declared where a table is: in its comment.
COMMENT ON TABLE laboratory.messages IS 'kept for 13 months';
--> statement-breakpoint
-- Drops the partition of the month that the day is in. Answers whether there was one.
CREATE FUNCTION laboratory.drop_month(day date) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
DECLARE
  name text := 'messages_' || to_char(day, 'YYYY_MM');
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended('laboratory.create_month', 0));
  IF to_regclass('laboratory.' || name) IS NULL THEN
    RETURN false;
  END IF;
  EXECUTE format('DROP TABLE laboratory.%I', name);
  RETURN true;
END
$$;
--> statement-breakpoint
REVOKE EXECUTE ON FUNCTION laboratory.drop_month FROM PUBLIC;
--> statement-breakpoint
GRANT EXECUTE ON FUNCTION laboratory.drop_month TO careflow_laboratory;
