-- How did the last seconds go, for plots?
INSERT INTO migrasafe.backfill_sample (job_id, worker, seconds, batches, rows_walked, rows_changed, batch_rows,
    batch_ms_median, batch_ms_p90, batch_ms_max, throttled_seconds, wal_bytes, gauges, reasons)
VALUES (:job_id, :token::uuid, :seconds, :batches, :rows_walked, :rows_changed, :batch_rows,
    :batch_ms_median, :batch_ms_p90, :batch_ms_max, :throttled_seconds, :wal_bytes, :gauges, :reasons)
ON CONFLICT DO NOTHING;
