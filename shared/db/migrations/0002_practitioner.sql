CREATE SCHEMA practitioner;
--> statement-breakpoint
CREATE TABLE practitioner.practitioners (
  country_code char(2) NOT NULL,
  id uuid NOT NULL,
  -- Dense within a country: the row of the availability bitmap.
  ordinal integer NOT NULL,
  version integer NOT NULL DEFAULT 1,
  given_name text NOT NULL,
  family_name text NOT NULL,
  specialties text[] NOT NULL,
  languages text[] NOT NULL,
  time_zone text NOT NULL,
  address text NOT NULL,
  city text NOT NULL,
  latitude double precision NOT NULL,
  longitude double precision NOT NULL,
  email text,
  phone text,
  language text NOT NULL,
  PRIMARY KEY (country_code, id),
  CONSTRAINT practitioner_ordinal UNIQUE (country_code, ordinal)
) PARTITION BY LIST (country_code);
--> statement-breakpoint
-- `[{weekday: 1-7, startMinute, endMinute}]` per practitioner, a row an interval; minutes after local midnight.
CREATE TABLE practitioner.working_hours (
  country_code char(2) NOT NULL,
  practitioner_id uuid NOT NULL,
  weekday smallint NOT NULL,
  start_minute smallint NOT NULL,
  end_minute smallint NOT NULL,
  PRIMARY KEY (country_code, practitioner_id, weekday, start_minute),
  CONSTRAINT working_hours_day CHECK (weekday BETWEEN 1 AND 7),
  CONSTRAINT working_hours_span CHECK (0 <= start_minute AND start_minute < end_minute AND end_minute <= 1440),
  CONSTRAINT working_hours_practitioner FOREIGN KEY (country_code, practitioner_id)
    REFERENCES practitioner.practitioners (country_code, id) ON DELETE CASCADE
) PARTITION BY LIST (country_code);
--> statement-breakpoint
-- Dated departures from the working hours: closed, or open at other times. Whole days where the minutes are null.
CREATE TABLE practitioner.schedule_exceptions (
  country_code char(2) NOT NULL,
  id uuid NOT NULL,
  practitioner_id uuid NOT NULL,
  kind text NOT NULL,
  first_day date NOT NULL,
  last_day date NOT NULL,
  start_minute smallint,
  end_minute smallint,
  PRIMARY KEY (country_code, id),
  CONSTRAINT schedule_exception_kind CHECK (kind IN ('closed', 'open')),
  CONSTRAINT schedule_exception_days CHECK (first_day <= last_day),
  CONSTRAINT schedule_exception_span CHECK (
    (start_minute IS NULL AND end_minute IS NULL AND kind = 'closed')
    OR (0 <= start_minute AND start_minute < end_minute AND end_minute <= 1440)
  ),
  CONSTRAINT schedule_exception_practitioner FOREIGN KEY (country_code, practitioner_id)
    REFERENCES practitioner.practitioners (country_code, id) ON DELETE CASCADE
) PARTITION BY LIST (country_code);
--> statement-breakpoint
CREATE INDEX schedule_exceptions_by_practitioner
  ON practitioner.schedule_exceptions (practitioner_id, last_day);
--> statement-breakpoint
CREATE TABLE practitioner.visit_types (
  country_code char(2) NOT NULL,
  id uuid NOT NULL,
  practitioner_id uuid NOT NULL,
  name text NOT NULL,
  specialty text NOT NULL,
  mode text NOT NULL,
  duration_minutes smallint NOT NULL,
  buffer_before_minutes smallint NOT NULL DEFAULT 0,
  buffer_after_minutes smallint NOT NULL DEFAULT 0,
  minimum_notice_minutes integer NOT NULL DEFAULT 0,
  horizon_days smallint NOT NULL DEFAULT 90,
  cancel_cut_off_minutes integer NOT NULL DEFAULT 240,
  daily_cap smallint,
  PRIMARY KEY (country_code, id),
  CONSTRAINT visit_type_mode CHECK (mode IN ('in-person', 'video')),
  CONSTRAINT visit_type_duration CHECK (duration_minutes > 0),
  CONSTRAINT visit_type_buffers CHECK (buffer_before_minutes >= 0 AND buffer_after_minutes >= 0),
  CONSTRAINT visit_type_limits CHECK (
    minimum_notice_minutes >= 0 AND horizon_days > 0 AND cancel_cut_off_minutes >= 0 AND daily_cap > 0
  ),
  CONSTRAINT visit_type_practitioner FOREIGN KEY (country_code, practitioner_id)
    REFERENCES practitioner.practitioners (country_code, id) ON DELETE CASCADE
) PARTITION BY LIST (country_code);
--> statement-breakpoint
CREATE INDEX visit_types_by_practitioner ON practitioner.visit_types (practitioner_id);
--> statement-breakpoint
-- What booking events told: the last state of each booking, by version. `active` ones occupy the practitioner.
CREATE TABLE practitioner.busy_slots (
  country_code char(2) NOT NULL,
  booking_id uuid NOT NULL,
  practitioner_id uuid NOT NULL,
  visit_type_id uuid NOT NULL,
  version integer NOT NULL,
  active boolean NOT NULL,
  busy_start timestamptz NOT NULL,
  busy_end timestamptz NOT NULL,
  slot_start timestamptz NOT NULL,
  PRIMARY KEY (country_code, booking_id),
  CONSTRAINT busy_slot_span CHECK (busy_start < busy_end)
) PARTITION BY LIST (country_code);
--> statement-breakpoint
CREATE INDEX busy_slots_by_practitioner ON practitioner.busy_slots (practitioner_id, busy_start) WHERE active;
--> statement-breakpoint
-- Practitioners whose row of the availability bitmap lacks what is kept here, since Redis did not take it: nobody believes it.
CREATE TABLE practitioner.stale_rows (
  country_code char(2) NOT NULL,
  practitioner_id uuid NOT NULL,
  PRIMARY KEY (country_code, practitioner_id),
  CONSTRAINT stale_row_practitioner FOREIGN KEY (country_code, practitioner_id)
    REFERENCES practitioner.practitioners (country_code, id) ON DELETE CASCADE
);
--> statement-breakpoint
CREATE FUNCTION practitioner.add_country(country text) RETURNS void
LANGUAGE plpgsql SET search_path = '' AS $$
DECLARE
  parent text;
BEGIN
  IF country !~ '^[a-z]{2}$' THEN
    RAISE EXCEPTION 'country must be an ISO 3166-1 alpha-2 code in lower case';
  END IF;
  FOREACH parent IN ARRAY ARRAY['practitioners', 'working_hours', 'schedule_exceptions', 'visit_types', 'busy_slots'] LOOP
    EXECUTE format(
      'CREATE TABLE IF NOT EXISTS practitioner.%I PARTITION OF practitioner.%I FOR VALUES IN (%L)',
      parent || '_' || country, parent, country
    );
  END LOOP;
END
$$;
--> statement-breakpoint
SELECT practitioner.add_country('fr'), practitioner.add_country('de');
--> statement-breakpoint
CREATE TABLE practitioner.inbox (
  consumer text NOT NULL,
  source text NOT NULL,
  event_id text NOT NULL,
  processed_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT practitioner_inbox PRIMARY KEY (consumer, source, event_id)
);
--> statement-breakpoint
CREATE INDEX practitioner_inbox_by_age ON practitioner.inbox (processed_at);
--> statement-breakpoint
CREATE TABLE practitioner.outbox (
  seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  topic text NOT NULL,
  partition_key text NOT NULL,
  event json NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  sent_at timestamptz
);
--> statement-breakpoint
CREATE INDEX practitioner_outbox_unsent ON practitioner.outbox (partition_key, seq) WHERE sent_at IS NULL;
--> statement-breakpoint
CREATE VIEW practitioner.published_visit_types AS
  SELECT country_code, id, practitioner_id, specialty, mode, duration_minutes, buffer_before_minutes,
    buffer_after_minutes, minimum_notice_minutes, horizon_days, cancel_cut_off_minutes, daily_cap
  FROM practitioner.visit_types;
--> statement-breakpoint
CREATE VIEW practitioner.published_practitioners AS
  SELECT country_code, id, ordinal, given_name, family_name, time_zone, address, city, email, phone, language
  FROM practitioner.practitioners;
--> statement-breakpoint
CREATE VIEW practitioner.published_schedules AS
  SELECT p.country_code, p.id AS practitioner_id, p.ordinal, p.time_zone,
    coalesce((
      SELECT json_agg(json_build_object('weekday', h.weekday, 'startMinute', h.start_minute, 'endMinute', h.end_minute)
        ORDER BY h.weekday, h.start_minute)
      FROM practitioner.working_hours h
      WHERE h.country_code = p.country_code AND h.practitioner_id = p.id
    ), '[]'::json) AS working_hours,
    coalesce((
      SELECT json_agg(json_build_object('kind', e.kind, 'firstDay', e.first_day, 'lastDay', e.last_day,
        'startMinute', e.start_minute, 'endMinute', e.end_minute) ORDER BY e.first_day, e.id)
      FROM practitioner.schedule_exceptions e
      WHERE e.country_code = p.country_code AND e.practitioner_id = p.id AND e.last_day >= current_date - 2
    ), '[]'::json) AS exceptions,
    EXISTS (
      SELECT FROM practitioner.stale_rows s WHERE s.country_code = p.country_code AND s.practitioner_id = p.id
    ) AS row_is_stale
  FROM practitioner.practitioners p;
--> statement-breakpoint
CREATE VIEW practitioner.published_busy_slots AS
  SELECT country_code, practitioner_id, busy_start, busy_end FROM practitioner.busy_slots WHERE active;
--> statement-breakpoint
GRANT USAGE ON SCHEMA practitioner TO careflow_practitioner, careflow_practitioner_reader;
--> statement-breakpoint
GRANT SELECT, INSERT, UPDATE, DELETE ON practitioner.practitioners, practitioner.working_hours,
  practitioner.schedule_exceptions, practitioner.visit_types, practitioner.busy_slots, practitioner.stale_rows,
  practitioner.inbox, practitioner.outbox TO careflow_practitioner;
--> statement-breakpoint
GRANT SELECT ON practitioner.published_visit_types, practitioner.published_practitioners,
  practitioner.published_schedules, practitioner.published_busy_slots TO careflow_practitioner, careflow_practitioner_reader;
