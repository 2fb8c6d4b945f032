-- What its patient has read and does not see any more, until they are told that it was taken back: an observation, or what a
-- report says of its own under the report's id.
CREATE TABLE laboratory.hidden_pieces (
  piece_id uuid PRIMARY KEY,
  report_id uuid NOT NULL REFERENCES laboratory.reports (id) ON DELETE CASCADE
);
--> statement-breakpoint
CREATE INDEX hidden_pieces_by_report ON laboratory.hidden_pieces (report_id);
--> statement-breakpoint
GRANT SELECT, INSERT, UPDATE, DELETE ON laboratory.hidden_pieces TO careflow_laboratory;
