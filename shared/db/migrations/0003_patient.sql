CREATE SCHEMA patient;
--> statement-breakpoint
CREATE TABLE patient.patients (
  id uuid PRIMARY KEY,
  country_code char(2) NOT NULL,
  version integer NOT NULL DEFAULT 1,
  given_name text NOT NULL,
  family_name text NOT NULL,
  birth_date date NOT NULL,
  sex text NOT NULL,
  time_zone text NOT NULL,
  -- HL7 administrative gender.
  CONSTRAINT patient_sex CHECK (sex IN ('female', 'male', 'other', 'unknown'))
);
--> statement-breakpoint
CREATE TABLE patient.contact_points (
  patient_id uuid NOT NULL REFERENCES patient.patients (id) ON DELETE CASCADE,
  channel text NOT NULL,
  value text NOT NULL,
  verified_at timestamptz,
  PRIMARY KEY (patient_id, channel),
  CONSTRAINT contact_point_channel CHECK (channel IN ('email', 'sms'))
);
--> statement-breakpoint
CREATE TABLE patient.preferences (
  patient_id uuid PRIMARY KEY REFERENCES patient.patients (id) ON DELETE CASCADE,
  language text NOT NULL DEFAULT 'en',
  -- `{category: {channel: boolean}}`; what is not said is allowed.
  channels jsonb NOT NULL DEFAULT '{}',
  quiet_start_minute smallint,
  quiet_end_minute smallint,
  CONSTRAINT preference_language CHECK (language IN ('fr', 'de', 'en')),
  CONSTRAINT preference_quiet_hours CHECK (
    (quiet_start_minute IS NULL) = (quiet_end_minute IS NULL)
    AND quiet_start_minute BETWEEN 0 AND 1439 AND quiet_end_minute BETWEEN 0 AND 1439
  )
);
--> statement-breakpoint
-- Who may act for whom: a guardian, or a proxy the patient named.
CREATE TABLE patient.proxies (
  patient_id uuid NOT NULL REFERENCES patient.patients (id) ON DELETE CASCADE,
  proxy_id uuid NOT NULL REFERENCES patient.patients (id) ON DELETE CASCADE,
  relation text NOT NULL,
  valid_from timestamptz NOT NULL DEFAULT now(),
  valid_until timestamptz,
  PRIMARY KEY (patient_id, proxy_id),
  CONSTRAINT proxy_relation CHECK (relation IN ('guardian', 'proxy')),
  CONSTRAINT proxy_not_self CHECK (patient_id <> proxy_id)
);
--> statement-breakpoint
CREATE INDEX proxies_by_proxy ON patient.proxies (proxy_id);
--> statement-breakpoint
CREATE VIEW patient.published_patients AS
  SELECT id, country_code, time_zone FROM patient.patients;
--> statement-breakpoint
CREATE VIEW patient.published_contact_points AS
  SELECT p.id AS patient_id, p.country_code, p.time_zone, e.value AS email, s.value AS phone,
    coalesce(r.language, 'en') AS language, coalesce(r.channels, '{}') AS channels,
    r.quiet_start_minute, r.quiet_end_minute
  FROM patient.patients p
  LEFT JOIN patient.contact_points e ON e.patient_id = p.id AND e.channel = 'email'
  LEFT JOIN patient.contact_points s ON s.patient_id = p.id AND s.channel = 'sms'
  LEFT JOIN patient.preferences r ON r.patient_id = p.id;
--> statement-breakpoint
CREATE VIEW patient.published_proxies AS
  SELECT patient_id, proxy_id, relation, valid_from, valid_until FROM patient.proxies;
--> statement-breakpoint
GRANT USAGE ON SCHEMA patient TO careflow_patient, careflow_patient_reader;
--> statement-breakpoint
GRANT SELECT, INSERT, UPDATE, DELETE ON patient.patients, patient.contact_points, patient.preferences, patient.proxies
  TO careflow_patient;
--> statement-breakpoint
GRANT SELECT ON patient.published_patients, patient.published_contact_points, patient.published_proxies
  TO careflow_patient_reader;
