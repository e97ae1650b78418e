-- What backfills and gates of the live server have kept comes with its schema; a rehearsal begins without it.
DROP TABLE IF EXISTS
    migrasafe.backfill_version, migrasafe.backfill_job, migrasafe.backfill_shard, migrasafe.backfill_dead_row,
    migrasafe.backfill_event, migrasafe.backfill_worker, migrasafe.backfill_sample, migrasafe.plan_gate CASCADE;
DROP FUNCTION IF EXISTS migrasafe.backfill_fence CASCADE;
