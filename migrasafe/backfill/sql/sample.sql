-- How did the last seconds go, for plots?
INSERT INTO migrasafe.backfill_sample (job_id, worker, began_at, seconds, batches, rows_walked, rows_changed, batch_rows,
    batch_ms_median, batch_ms_p90, batch_ms_max, throttled_seconds, wal_bytes, gauges, worst, reasons)
VALUES (:job_id, :token::uuid, clock_timestamp() - :seconds * interval '1 s', :seconds, :batches, :rows_walked,
    :rows_changed, :batch_rows, :batch_ms_median, :batch_ms_p90, :batch_ms_max, :throttled_seconds, :wal_bytes, :gauges,
    :worst, :reasons)
ON CONFLICT DO NOTHING;
