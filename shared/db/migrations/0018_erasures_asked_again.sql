-- When the job of an erasure was last asked for though nobody asked for the erasure.
ALTER TABLE worker.erasures ADD COLUMN asked_again_at timestamptz;
--> statement-breakpoint
CREATE INDEX erasures_under_way ON worker.erasures (requested_at) WHERE status = 'requested';
