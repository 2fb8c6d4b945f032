CREATE SCHEMA homekit;
--> statement-breakpoint
-- A connected device as somebody registered it. What its label says is kept but for the setup code, of which nothing is.
CREATE TABLE homekit.devices (
  id uuid PRIMARY KEY,
  country_code char(2) NOT NULL,
  -- The owner.
  patient_id uuid NOT NULL,
  version integer NOT NULL DEFAULT 1,
  status text NOT NULL,
  rejected_because text,
  revoked_because text,
  model text NOT NULL,
  serial_number text NOT NULL,
  -- The accessory's long-term public key (Ed25519) in hexadecimal, and the identifier that it signs with.
  ltpk char(64) NOT NULL,
  pairing_id text NOT NULL,
  -- Null where the payload had a fault.
  category smallint,
  setup_id char(4),
  payload_fault text,
  failures integer NOT NULL DEFAULT 0,
  retry_at timestamptz,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  CONSTRAINT device_status CHECK (status IN ('received', 'awaiting-proof', 'registered', 'rejected', 'revoked')),
  CONSTRAINT device_rejection CHECK ((status = 'rejected') = (rejected_because IS NOT NULL)),
  CONSTRAINT device_revocation CHECK ((status = 'revoked') = (revoked_because IS NOT NULL)),
  CONSTRAINT device_payload CHECK ((payload_fault IS NULL) = (category IS NOT NULL AND setup_id IS NOT NULL))
);
--> statement-breakpoint
CREATE UNIQUE INDEX device_key_once ON homekit.devices (ltpk) WHERE status = 'registered';
--> statement-breakpoint
CREATE UNIQUE INDEX device_accessory_once ON homekit.devices (model, serial_number) WHERE status = 'registered';
--> statement-breakpoint
CREATE UNIQUE INDEX device_request_once ON homekit.devices (patient_id, ltpk)
  WHERE status IN ('received', 'awaiting-proof');
--> statement-breakpoint
CREATE INDEX devices_by_owner ON homekit.devices (patient_id, created_at);
--> statement-breakpoint
CREATE INDEX devices_by_key ON homekit.devices (ltpk);
--> statement-breakpoint
CREATE INDEX devices_by_accessory ON homekit.devices (model, serial_number);
--> statement-breakpoint
-- The nonces a device was sent, each to be answered once.
CREATE TABLE homekit.challenges (
  nonce text PRIMARY KEY,
  device_id uuid NOT NULL REFERENCES homekit.devices (id) ON DELETE CASCADE,
  expires_at timestamptz NOT NULL,
  answered_at timestamptz
);
--> statement-breakpoint
CREATE INDEX challenges_by_device ON homekit.challenges (device_id, expires_at);
--> statement-breakpoint
CREATE INDEX challenges_by_expiry ON homekit.challenges (expires_at);
--> statement-breakpoint
CREATE TABLE homekit.proofs (
  id uuid PRIMARY KEY,
  device_id uuid NOT NULL REFERENCES homekit.devices (id) ON DELETE CASCADE,
  nonce text NOT NULL,
  accessory_key char(64) NOT NULL,
  signature char(128) NOT NULL,
  status text NOT NULL,
  refused_because text,
  received_at timestamptz NOT NULL,
  CONSTRAINT proof_status CHECK (status IN ('received', 'accepted', 'refused')),
  CONSTRAINT proof_refusal CHECK ((status = 'refused') = (refused_because IS NOT NULL))
);
--> statement-breakpoint
CREATE INDEX proofs_by_device ON homekit.proofs (device_id, received_at);
--> statement-breakpoint
CREATE INDEX proofs_by_age ON homekit.proofs (received_at);
--> statement-breakpoint
-- Who may use a device beside its owner. A grant of the role owner is a transfer: over once it is made.
CREATE TABLE homekit.grants (
  id uuid PRIMARY KEY,
  device_id uuid NOT NULL REFERENCES homekit.devices (id) ON DELETE CASCADE,
  grantee_id uuid NOT NULL,
  role text NOT NULL,
  scopes text[] NOT NULL,
  expires_at timestamptz,
  status text NOT NULL,
  refused_because text[],
  -- The owner at the time of the request: one who has given the device away grants nothing any more.
  granted_by uuid NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  CONSTRAINT grant_role CHECK (role IN ('owner', 'user', 'guest')),
  CONSTRAINT grant_status CHECK (status IN ('received', 'active', 'transferred', 'refused', 'replaced', 'revoked')),
  CONSTRAINT grant_refusal CHECK ((status = 'refused') = (refused_because IS NOT NULL))
);
--> statement-breakpoint
CREATE UNIQUE INDEX grant_once ON homekit.grants (device_id, grantee_id) WHERE status = 'active';
--> statement-breakpoint
CREATE INDEX grants_by_device ON homekit.grants (device_id, created_at);
--> statement-breakpoint
CREATE INDEX grants_by_grantee ON homekit.grants (grantee_id);
--> statement-breakpoint
-- What a kit tests, who may use it, and how long its sample lasts.
CREATE TABLE homekit.test_products (
  code text PRIMARY KEY,
  min_age smallint NOT NULL,
  max_age smallint,
  -- Null: everybody.
  sexes text[],
  regions text[] NOT NULL,
  consent_version text NOT NULL,
  stability_hours integer NOT NULL,
  CONSTRAINT product_ages CHECK (min_age >= 0 AND (max_age IS NULL OR max_age >= min_age)),
  CONSTRAINT product_sexes CHECK (sexes <@ ARRAY['female', 'male', 'other', 'unknown']),
  CONSTRAINT product_stability CHECK (stability_hours > 0)
);
--> statement-breakpoint
CREATE TABLE homekit.lots (
  number text PRIMARY KEY,
  product_code text NOT NULL REFERENCES homekit.test_products (code),
  -- The last day of its use.
  expires_on date NOT NULL
);
--> statement-breakpoint
CREATE TABLE homekit.test_kits (
  id uuid PRIMARY KEY,
  country_code char(2) NOT NULL,
  code char(12) NOT NULL,
  sample_barcode text NOT NULL,
  lot_number text NOT NULL REFERENCES homekit.lots (number),
  -- Of the order it was shipped for.
  order_id uuid,
  status text NOT NULL DEFAULT 'stocked',
  -- Whoever registered it, with the registration.
  patient_id uuid,
  registration_id uuid,
  collected_at timestamptz,
  CONSTRAINT test_kit_code UNIQUE (code),
  CONSTRAINT test_kit_barcode UNIQUE (sample_barcode),
  CONSTRAINT test_kit_status CHECK (
    status IN (
      'stocked', 'ordered', 'shipped', 'delivered', 'registered', 'collected', 'posted', 'accessioned', 'rejected', 'resulted'
    )
  ),
  CONSTRAINT test_kit_holder CHECK ((patient_id IS NULL) = (registration_id IS NULL))
);
--> statement-breakpoint
CREATE INDEX test_kits_by_holder ON homekit.test_kits (patient_id) WHERE patient_id IS NOT NULL;
--> statement-breakpoint
CREATE TABLE homekit.test_kit_registrations (
  id uuid PRIMARY KEY,
  country_code char(2) NOT NULL,
  patient_id uuid NOT NULL,
  kit_code char(12) NOT NULL,
  -- Null as long as it is not known that there is such a kit.
  test_kit_id uuid REFERENCES homekit.test_kits (id),
  consent_version text NOT NULL,
  version integer NOT NULL DEFAULT 1,
  status text NOT NULL,
  rejected_because text,
  rejection_details text[],
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  CONSTRAINT registration_status CHECK (status IN ('received', 'registered', 'rejected')),
  CONSTRAINT registration_rejection CHECK ((status = 'rejected') = (rejected_because IS NOT NULL)),
  CONSTRAINT registration_kit CHECK (status <> 'registered' OR test_kit_id IS NOT NULL)
);
--> statement-breakpoint
-- One kit, one person, once: whoever comes first has it until their registration is rejected.
CREATE UNIQUE INDEX test_kit_claimed_once ON homekit.test_kit_registrations (kit_code) WHERE status <> 'rejected';
--> statement-breakpoint
CREATE INDEX registrations_by_patient ON homekit.test_kit_registrations (patient_id, created_at);
--> statement-breakpoint
ALTER TABLE homekit.test_kits
  ADD CONSTRAINT test_kit_registration FOREIGN KEY (registration_id) REFERENCES homekit.test_kit_registrations (id);
--> statement-breakpoint
-- A step of a kit's chain as it was handed in.
CREATE TABLE homekit.custody_scans (
  id uuid PRIMARY KEY,
  test_kit_id uuid NOT NULL REFERENCES homekit.test_kits (id),
  country_code char(2) NOT NULL,
  step text NOT NULL,
  happened_at timestamptz NOT NULL,
  -- Why the laboratory rejected the kit.
  reason text,
  order_id uuid,
  -- Null where the holder scanned: the kit says who that is.
  scanned_by text,
  scanned_as text NOT NULL,
  status text NOT NULL,
  refused_because text,
  created_at timestamptz NOT NULL,
  CONSTRAINT scan_status CHECK (status IN ('received', 'recorded', 'refused')),
  CONSTRAINT scan_refusal CHECK ((status = 'refused') = (refused_because IS NOT NULL)),
  CONSTRAINT scan_reason CHECK ((step = 'rejected') = (reason IS NOT NULL))
);
--> statement-breakpoint
CREATE INDEX scans_by_kit ON homekit.custody_scans (test_kit_id, created_at);
--> statement-breakpoint
-- The chain of custody. It is only ever added to: its owner's rights, and a trigger for whoever has more, see to that.
CREATE TABLE homekit.custody_log (
  seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  test_kit_id uuid NOT NULL REFERENCES homekit.test_kits (id),
  step text NOT NULL,
  happened_at timestamptz NOT NULL,
  recorded_at timestamptz NOT NULL,
  recorded_by text,
  recorded_as text NOT NULL,
  reason text,
  CONSTRAINT custody_once UNIQUE (test_kit_id, step),
  CONSTRAINT custody_step CHECK (
    step IN ('ordered', 'shipped', 'delivered', 'registered', 'collected', 'posted', 'accessioned', 'rejected', 'resulted')
  ),
  CONSTRAINT custody_reason CHECK ((step = 'rejected') = (reason IS NOT NULL))
);
--> statement-breakpoint
CREATE FUNCTION homekit.refuse_change() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the chain of custody is only added to' USING ERRCODE = 'insufficient_privilege';
END
$$;
--> statement-breakpoint
CREATE TRIGGER custody_log_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON homekit.custody_log
  FOR EACH STATEMENT EXECUTE FUNCTION homekit.refuse_change();
--> statement-breakpoint
-- Another kit, offered to whoever could not use theirs.
CREATE TABLE homekit.replacement_offers (
  id uuid PRIMARY KEY,
  registration_id uuid NOT NULL REFERENCES homekit.test_kit_registrations (id) ON DELETE CASCADE,
  offered_at timestamptz NOT NULL,
  CONSTRAINT replacement_once UNIQUE (registration_id)
);
--> statement-breakpoint
CREATE TABLE homekit.inbox (
  consumer text NOT NULL,
  source text NOT NULL,
  event_id text NOT NULL,
  processed_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT homekit_inbox PRIMARY KEY (consumer, source, event_id)
);
--> statement-breakpoint
CREATE INDEX homekit_inbox_by_age ON homekit.inbox (processed_at);
--> statement-breakpoint
CREATE TABLE homekit.outbox (
  seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  topic text NOT NULL,
  partition_key text NOT NULL,
  event json NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  sent_at timestamptz
);
--> statement-breakpoint
CREATE INDEX homekit_outbox_unsent ON homekit.outbox (partition_key, seq) WHERE sent_at IS NULL;
--> statement-breakpoint
CREATE TABLE homekit.idempotency_keys (
  subject text NOT NULL,
  operation text NOT NULL,
  key text NOT NULL,
  fingerprint bytea NOT NULL,
  status smallint NOT NULL,
  body json,
  created_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT homekit_idempotency_keys PRIMARY KEY (subject, operation, key)
);
--> statement-breakpoint
CREATE INDEX homekit_idempotency_keys_by_age ON homekit.idempotency_keys (created_at);
--> statement-breakpoint
-- Whose sample a barcode is, for the laboratory. Not before a kit is somebody's, and not once it is rejected.
CREATE VIEW homekit.published_test_kits AS
  SELECT sample_barcode, patient_id, country_code, id AS test_kit_id, order_id, status, collected_at
  FROM homekit.test_kits
  WHERE status IN ('registered', 'collected', 'posted', 'accessioned', 'resulted');
--> statement-breakpoint
GRANT USAGE ON SCHEMA homekit TO careflow_homekit, careflow_homekit_reader;
--> statement-breakpoint
GRANT SELECT, INSERT, UPDATE, DELETE ON homekit.devices, homekit.challenges, homekit.proofs, homekit.grants,
  homekit.test_kit_registrations, homekit.replacement_offers, homekit.inbox, homekit.outbox, homekit.idempotency_keys
  TO careflow_homekit;
--> statement-breakpoint
GRANT SELECT, INSERT, UPDATE ON homekit.test_products, homekit.lots, homekit.test_kits, homekit.custody_scans
  TO careflow_homekit;
--> statement-breakpoint
GRANT SELECT, INSERT ON homekit.custody_log TO careflow_homekit;
--> statement-breakpoint
GRANT SELECT ON homekit.published_test_kits TO careflow_homekit_reader;
