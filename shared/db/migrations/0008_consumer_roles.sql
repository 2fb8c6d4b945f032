-- The contexts of results, devices and jobs; made the way of 0000_roles.sql.
DO $$
DECLARE
  role_name text;
BEGIN
  FOREACH role_name IN ARRAY ARRAY[
    'careflow_laboratory', 'careflow_homekit', 'careflow_worker', 'careflow_laboratory_reader', 'careflow_homekit_reader'
  ] LOOP
    BEGIN
      EXECUTE format('CREATE ROLE %I LOGIN', role_name);
    EXCEPTION WHEN duplicate_object OR unique_violation THEN
      NULL;
    END;
  END LOOP;
END
$$;
