-- (b1) and (b2) in one job that reads the topic once: nearer to the health job than one of them alone
EXECUTE STATEMENT SET BEGIN
INSERT INTO ice.health_db.health_data_raw
SELECT device_id, user_id, sample_id, data_type, `value`, unit, start_date, end_date, source_bundle, metadata,
  is_synced, app_version, start_day FROM dated;
INSERT INTO ice.health_db.health_data_daily_agg
SELECT user_id, data_type, CAST(window_start AS DATE), MIN(`value`), MAX(`value`), AVG(`value`), SUM(`value`), COUNT(*)
FROM TABLE(TUMBLE(TABLE flat, DESCRIPTOR(payload_time), INTERVAL '1' DAY))
GROUP BY user_id, data_type, window_start, window_end;
END;
