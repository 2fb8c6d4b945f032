-- Each observation is released by itself, and so is what a report says of its own: its documents and its conclusion.
ALTER TABLE laboratory.observations
  -- Since when it is known here that the laboratory stood by it.
  ADD COLUMN conclusive_at timestamptz,
  ADD COLUMN reviewed_at timestamptz,
  ADD COLUMN reviewed_by text,
  -- When an office let the patient see it, whatever held it.
  ADD COLUMN forced_at timestamptz,
  ADD COLUMN forced_by text,
  -- What the patient preferred when it was decided on; when it was released, once it is.
  ADD COLUMN preference text,
  -- When the patient may see it, and why not before; since when they can.
  ADD COLUMN release_at timestamptz,
  ADD COLUMN held_because text[] NOT NULL DEFAULT '{}',
  ADD COLUMN released_at timestamptz;
--> statement-breakpoint
UPDATE laboratory.observations o
SET conclusive_at = r.conclusive_at, reviewed_at = r.reviewed_at, reviewed_by = r.reviewed_by, forced_at = r.forced_at,
  forced_by = r.forced_by, release_at = r.release_at, held_because = r.held_because, released_at = r.released_at
FROM laboratory.reports r WHERE r.id = o.report_id AND o.was_conclusive;
--> statement-breakpoint
-- What waits for a code was not shown with the rest.
UPDATE laboratory.observations SET release_at = NULL, held_because = '{unmapped-code}', released_at = NULL
WHERE is_parked AND was_conclusive;
--> statement-breakpoint
ALTER TABLE laboratory.observations
  DROP COLUMN was_conclusive,
  ADD CONSTRAINT observation_released CHECK (released_at IS NULL OR release_at IS NOT NULL);
--> statement-breakpoint
ALTER TABLE laboratory.reports
  ADD COLUMN preference text,
  ADD COLUMN own_release_at timestamptz,
  ADD COLUMN own_held_because text[] NOT NULL DEFAULT '{}',
  ADD COLUMN own_released_at timestamptz,
  DROP CONSTRAINT report_released;
--> statement-breakpoint
UPDATE laboratory.reports
SET own_release_at = release_at, own_held_because = held_because, own_released_at = released_at,
  release_at = CASE WHEN released_at IS NULL THEN release_at END;
--> statement-breakpoint
ALTER TABLE laboratory.reports
  ADD CONSTRAINT report_own_released CHECK (own_released_at IS NULL OR own_release_at IS NOT NULL);
--> statement-breakpoint
COMMENT ON COLUMN laboratory.reports.release_at IS
  'When the next of what is held may be seen; held_because says why any is held, released_at since when any is seen.';
--> statement-breakpoint
DROP INDEX laboratory.reports_due;
--> statement-breakpoint
CREATE INDEX reports_due ON laboratory.reports (release_at) WHERE release_at IS NOT NULL;
--> statement-breakpoint
-- Null for what a report says of its own.
ALTER TABLE laboratory.release_decisions ADD COLUMN observation_id uuid;
--> statement-breakpoint
-- When all that waited for it had been seen to.
ALTER TABLE laboratory.local_codes ADD COLUMN replayed_at timestamptz;
--> statement-breakpoint
UPDATE laboratory.local_codes SET replayed_at = mapped_at;
--> statement-breakpoint
CREATE INDEX local_codes_to_replay ON laboratory.local_codes (mapped_at) WHERE mapped_at IS NOT NULL AND replayed_at IS NULL;
--> statement-breakpoint
-- Everybody who was told: whoever is told later takes it from nobody.
ALTER TABLE laboratory.critical_alerts ADD COLUMN told_ids uuid[] NOT NULL DEFAULT '{}';
--> statement-breakpoint
UPDATE laboratory.critical_alerts SET told_ids = ARRAY[practitioner_id] WHERE practitioner_id IS NOT NULL;
--> statement-breakpoint
DROP INDEX laboratory.critical_alerts_by_practitioner;
--> statement-breakpoint
-- Whether something that is held may have been decided by what they preferred before.
ALTER TABLE laboratory.release_preferences ADD COLUMN is_new boolean NOT NULL DEFAULT true;
--> statement-breakpoint
ALTER TABLE laboratory.release_preferences ALTER COLUMN is_new DROP DEFAULT;
--> statement-breakpoint
CREATE INDEX release_preferences_new ON laboratory.release_preferences (patient_id) WHERE is_new;
