-- (b2) the aggregate of each user, data type and day; event time is the payload's, as SQL has watermarks on sources only
INSERT INTO ice.health_db.health_data_daily_agg
SELECT user_id, data_type, CAST(window_start AS DATE), MIN(`value`), MAX(`value`), AVG(`value`), SUM(`value`), COUNT(*)
FROM TABLE(TUMBLE(TABLE flat, DESCRIPTOR(payload_time), INTERVAL '1' DAY))
GROUP BY user_id, data_type, window_start, window_end;
