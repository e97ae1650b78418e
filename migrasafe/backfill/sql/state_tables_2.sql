-- What is new in version 2? Samples that can be made one, so that a job of weeks keeps no more of them than one of hours.
ALTER TABLE migrasafe.backfill_sample
    ADD COLUMN began_at timestamptz,                -- null in those of version 1: `seconds` before `at`
    ADD COLUMN worst jsonb;                         -- gauges at their highest; `gauges` has their means since version 2
