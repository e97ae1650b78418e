CREATE TABLE IF NOT EXISTS {rejects} (
  row_key jsonb PRIMARY KEY,
  value text NOT NULL,
  noted_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
  settled boolean NOT NULL DEFAULT false
)
