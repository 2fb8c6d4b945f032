/**
 * The embedded log's tables, made where they are missing. A partition's row is locked while offsets are given out, so
 * offsets become visible in their order and without holes.
 */
export const POSTGRES_LOG_SCHEMA = `
  CREATE SCHEMA IF NOT EXISTS event_log;

  CREATE TABLE IF NOT EXISTS event_log.topics (
    name text PRIMARY KEY,
    config jsonb NOT NULL
  );

  CREATE TABLE IF NOT EXISTS event_log.partitions (
    topic text NOT NULL REFERENCES event_log.topics (name),
    partition int NOT NULL,
    next_offset bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (topic, partition)
  );

  CREATE TABLE IF NOT EXISTS event_log.records (
    topic text NOT NULL,
    partition int NOT NULL,
    record_offset bigint NOT NULL,
    appended_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    key text,
    value bytea,
    headers json NOT NULL,
    PRIMARY KEY (topic, partition, record_offset)
  );

  -- A group's members, each alive until its lease is over.
  CREATE TABLE IF NOT EXISTS event_log.members (
    group_name text NOT NULL,
    member_id uuid NOT NULL,
    topics text[] NOT NULL,
    leased_until timestamptz NOT NULL,
    PRIMARY KEY (group_name, member_id)
  );

  -- How far each group is, and which member may move it.
  CREATE TABLE IF NOT EXISTS event_log.positions (
    group_name text NOT NULL,
    topic text NOT NULL,
    partition int NOT NULL,
    next_offset bigint NOT NULL,
    member_id uuid,
    PRIMARY KEY (group_name, topic, partition)
  );
`;

/** Any number, the same for all who make the tables. */
export const POSTGRES_LOG_LOCK = 5_118_206;
