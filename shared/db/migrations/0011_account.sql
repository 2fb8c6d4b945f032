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
