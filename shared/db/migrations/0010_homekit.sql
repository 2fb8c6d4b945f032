CREATE SCHEMA homekit;
--> statement-breakpoint
GRANT USAGE ON SCHEMA homekit TO careflow_homekit, careflow_homekit_reader;
