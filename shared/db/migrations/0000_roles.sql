-- One login role per context with rights on its own schema only, and one reader per context that publishes views.
-- Roles belong to the cluster: another database of the same cluster may have made them, even at this moment.
DO $$
DECLARE
  role_name text;
BEGIN
  FOREACH role_name IN ARRAY ARRAY[
    'careflow_booking', 'careflow_practitioner', 'careflow_patient', 'careflow_notification', 'careflow_cron',
    'careflow_practitioner_reader', 'careflow_patient_reader'
  ] LOOP
    BEGIN
      EXECUTE format('CREATE ROLE %I LOGIN', role_name);
    EXCEPTION WHEN duplicate_object OR unique_violation THEN
      NULL;
    END;
  END LOOP;
END
$$;
--> statement-breakpoint
CREATE EXTENSION IF NOT EXISTS btree_gist;
