-- `{category: {channel: boolean}}`; what is not said is allowed.
ALTER TABLE practitioner.practitioners ADD COLUMN channels jsonb NOT NULL DEFAULT '{}';
--> statement-breakpoint
CREATE OR REPLACE VIEW practitioner.published_practitioners AS
  SELECT country_code, id, ordinal, given_name, family_name, time_zone, address, city, email, phone, language, channels
  FROM practitioner.practitioners;
