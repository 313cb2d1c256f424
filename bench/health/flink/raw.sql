-- (b1) samples flattened, validated by value range, into Iceberg by day and data type
INSERT INTO ice.health_db.health_data_raw
SELECT device_id, user_id, sample_id, data_type, `value`, unit, start_date, end_date, source_bundle, metadata,
  is_synced, app_version, start_day FROM dated;
