CREATE SCHEMA worker;
--> statement-breakpoint
GRANT USAGE ON SCHEMA worker TO careflow_worker;
