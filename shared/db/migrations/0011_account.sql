-- Accounts, consent, sessions and orders of the patient context.
GRANT USAGE ON SCHEMA patient TO careflow_patient;
