CREATE SCHEMA laboratory;
--> statement-breakpoint
GRANT USAGE ON SCHEMA laboratory TO careflow_laboratory, careflow_laboratory_reader;
