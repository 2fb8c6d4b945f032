-- What is told of results, devices, kits and accounts.
GRANT USAGE ON SCHEMA notification TO careflow_notification;
