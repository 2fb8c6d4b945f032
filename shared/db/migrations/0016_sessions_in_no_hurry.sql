-- As before, but that it waits for nobody. Several sessions are used in one statement, and whoever closes one account is to
-- hold up nobody else. Nor is it waited until the use of a session is on the disk: one that a server loses as it falls
-- begins anew. Revoking is another's, and waits.
CREATE OR REPLACE FUNCTION patient.use_session(reference bytea, who text, country char(2), idle interval, longest interval) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
DECLARE
  at timestamptz := clock_timestamp();
  session patient.sessions;
BEGIN
  SELECT * INTO session FROM patient.sessions WHERE reference_hash = reference;
  IF NOT FOUND THEN
    IF who ~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' THEN
      -- Whoever closes the account, and nobody else, has this to themselves until they commit.
      IF NOT pg_catalog.pg_try_advisory_xact_lock_shared(pg_catalog.hashtextextended(who::uuid::text, 7)) THEN
        RETURN 'account-closing';
      END IF;
      IF EXISTS (SELECT FROM patient.accounts WHERE patient_id = who::uuid AND status = 'erased') THEN
        RETURN 'revoked';
      END IF;
    END IF;
    PERFORM pg_catalog.set_config('synchronous_commit', 'off', true);
    INSERT INTO patient.sessions (reference_hash, subject, country_code, started_at, last_used_at, expires_at)
    VALUES (reference, who, country, at, at, at + longest) ON CONFLICT (reference_hash) DO NOTHING;
    SELECT * INTO session FROM patient.sessions WHERE reference_hash = reference;
  END IF;
  IF session.subject <> who OR session.revoked_at IS NOT NULL THEN
    RETURN 'revoked';
  END IF;
  IF session.expires_at <= at OR session.last_used_at + idle <= at THEN
    RETURN 'expired';
  END IF;
  IF session.last_used_at < at - interval '1 minute' THEN
    PERFORM pg_catalog.set_config('synchronous_commit', 'off', true);
    UPDATE patient.sessions SET last_used_at = at WHERE id = (
      SELECT id FROM patient.sessions WHERE id = session.id AND last_used_at < at FOR NO KEY UPDATE SKIP LOCKED
    );
  END IF;
  RETURN 'live';
END
$$;
