-- What are the state tables of the backfills of this database? (version 1)
-- An administrator may have made the schema for a role that cannot: then only CREATE in it is needed.
DO $$
BEGIN
    IF to_regnamespace('migrasafe') IS NULL THEN
        CREATE SCHEMA migrasafe;
        COMMENT ON SCHEMA migrasafe IS 'State of migrasafe backfills: jobs, their cursors, dead rows, audit events.';
    END IF;
END
$$;

CREATE TABLE migrasafe.backfill_version (
    version int NOT NULL,
    installed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    installed_by text NOT NULL DEFAULT session_user
);

CREATE TABLE migrasafe.backfill_job (
    job_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    job_uuid uuid NOT NULL UNIQUE,                  -- is this still the database where the job was begun?
    name text NOT NULL UNIQUE,
    spec jsonb NOT NULL,
    spec_hash bytea NOT NULL,                       -- a changed spec may not go on with the old cursors
    rel oid NOT NULL,
    facts jsonb NOT NULL DEFAULT '{}',              -- what was found at the start: does the change make its predicate false …
    walk text NOT NULL CHECK (walk IN ('key', 'blocks')),
    key_cols text[] NOT NULL,
    key_types text[] NOT NULL,
    key_collations text[] NOT NULL,                 -- name and version of each, '' where the type has none
    status text NOT NULL CHECK (status IN ('pending', 'running', 'pausing', 'paused', 'throttled', 'verifying', 'done',
                                           'failed', 'cancelled')),
    status_reason text,
    pause_kind text CHECK (pause_kind IN ('operator', 'failure', 'stop')),  -- only a stopped one goes on with the next run
    settings jsonb NOT NULL,
    settings_version int NOT NULL DEFAULT 1,
    est_rows bigint,
    passes int NOT NULL DEFAULT 1,                  -- walks over the table that were begun
    system_identifier text,
    timeline text,
    created_by text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    started_at timestamptz,
    finished_at timestamptz
) WITH (fillfactor = 50);

CREATE TABLE migrasafe.backfill_shard (
    job_id bigint NOT NULL REFERENCES migrasafe.backfill_job ON DELETE CASCADE,
    shard_no int NOT NULL,
    rel oid NOT NULL,                               -- the table itself, or one of its partitions
    relfilenode oid NOT NULL,                       -- block numbers mean nothing after a rewrite
    lo jsonb,                                       -- key before the first row, as an array of texts; null: from the start
    hi jsonb,                                       -- last key, frozen at the start; null: nothing to do
    cursor jsonb,                                   -- last key that is done; null: none yet
    is_done boolean NOT NULL DEFAULT false,
    batch_no bigint NOT NULL DEFAULT 0,
    rows_walked bigint NOT NULL DEFAULT 0,
    rows_changed bigint NOT NULL DEFAULT 0,
    rows_dead bigint NOT NULL DEFAULT 0,
    rows_left bigint NOT NULL DEFAULT 0,            -- locked by others for too long: left to the sweep at the end
    est_rows bigint,
    batch_rows int,
    lease_token uuid,
    lease_owner text,
    lease_until timestamptz,
    updated_at timestamptz,
    PRIMARY KEY (job_id, shard_no)
) WITH (fillfactor = 25, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);

CREATE TABLE migrasafe.backfill_dead_row (
    job_id bigint NOT NULL REFERENCES migrasafe.backfill_job ON DELETE CASCADE,
    rel oid NOT NULL,
    key jsonb NOT NULL,
    sqlstate text NOT NULL,
    message text NOT NULL,
    attempts int NOT NULL DEFAULT 1,
    first_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    last_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    resolved_at timestamptz,
    PRIMARY KEY (job_id, rel, key)
);

CREATE TABLE migrasafe.backfill_event (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    job_id bigint NOT NULL REFERENCES migrasafe.backfill_job ON DELETE CASCADE,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    actor text NOT NULL,                            -- database role, operating system user and host
    kind text NOT NULL,
    detail jsonb NOT NULL DEFAULT '{}'
);
CREATE INDEX backfill_event_job ON migrasafe.backfill_event (job_id, id);

CREATE TABLE migrasafe.backfill_worker (
    worker uuid PRIMARY KEY,                        -- its lease token
    job_id bigint NOT NULL REFERENCES migrasafe.backfill_job ON DELETE CASCADE,
    owner text NOT NULL,
    process text NOT NULL,                          -- host, boot, namespace and pid: is it still there?
    backend_pid int,                                -- null behind a pooler, where sessions are shared
    backend_start timestamptz,
    started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    seen_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    state text NOT NULL,                            -- running, throttled, paused, verifying, ended
    reasons jsonb NOT NULL DEFAULT '[]',
    gauges jsonb NOT NULL DEFAULT '[]',
    batch_rows int,
    rows_per_second real
) WITH (fillfactor = 25, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);
CREATE INDEX backfill_worker_job ON migrasafe.backfill_worker (job_id);

CREATE TABLE migrasafe.backfill_sample (
    job_id bigint NOT NULL REFERENCES migrasafe.backfill_job ON DELETE CASCADE,
    worker uuid NOT NULL,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    seconds real NOT NULL,                          -- that this sample covers
    batches int NOT NULL,
    rows_walked bigint NOT NULL,
    rows_changed bigint NOT NULL,
    batch_rows int NOT NULL,                        -- at the end
    batch_ms_median real,
    batch_ms_p90 real,
    batch_ms_max real,
    throttled_seconds real NOT NULL,
    wal_bytes bigint NOT NULL,
    gauges jsonb NOT NULL,
    reasons jsonb NOT NULL,                         -- signal → seconds that it held batches back
    PRIMARY KEY (job_id, at, worker)
);

-- A batch begins with this: it keeps the row of its shard locked until its commit, and ends a worker that lost its lease,
-- or whose view of the shard is old, before anything is changed.
CREATE FUNCTION migrasafe.backfill_fence(job bigint, shard int, token uuid, expected_batch bigint) RETURNS boolean
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM migrasafe.backfill_shard AS s
    WHERE s.job_id = job AND s.shard_no = shard AND s.lease_token = token AND s.batch_no = expected_batch
    FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'the lease of shard % of backfill % is not ours, or its cursor has moved', shard, job
            USING ERRCODE = 'MS001';
    END IF;
    RETURN true;
END
$$;
