-- What the jobs beside this file read and write. flink_job.py puts this before one of them and fills in ${...}.
SET 'execution.runtime-mode' = 'streaming';
SET 'execution.checkpointing.interval' = '${CHECKPOINT_MS} ms';
SET 'execution.checkpointing.mode' = 'EXACTLY_ONCE';
SET 'state.backend.type' = 'hashmap';
SET 'parallelism.default' = '${PARALLELISM}';
SET 'pipeline.name' = '${NAME}';
CREATE TABLE payloads (
  deviceId STRING, userId STRING, `timestamp` STRING, timezone STRING, appVersion STRING,
  samples ARRAY<ROW<id STRING, type STRING, `value` DOUBLE, unit STRING, startDate STRING, endDate STRING,
    sourceBundle STRING, metadata MAP<STRING, STRING>, isSynced BOOLEAN, createdAt STRING>>${EVENT_TIME}
) WITH ('connector' = 'kafka', 'topic' = '${TOPIC}', 'properties.bootstrap.servers' = '${BROKERS}',
  'properties.group.id' = '${NAME}', 'properties.fetch.max.wait.ms' = '50', ${RANGE}, 'format' = 'json');

CREATE TEMPORARY VIEW flat AS
SELECT deviceId AS device_id, userId AS user_id, s.id AS sample_id, s.type AS data_type, s.`value` AS `value`,
  s.unit AS unit, s.startDate AS start_text, s.endDate AS end_text, s.sourceBundle AS source_bundle,
  s.metadata AS metadata, s.isSynced AS is_synced, appVersion AS app_version${EVENT_TIME_COLUMN}
FROM payloads CROSS JOIN UNNEST(samples)
  AS s (id, type, `value`, unit, startDate, endDate, sourceBundle, metadata, isSynced, createdAt)
WHERE s.id IS NOT NULL AND s.type IS NOT NULL AND CASE s.type
  WHEN 'heartRate' THEN s.`value` BETWEEN 30 AND 250
  WHEN 'steps' THEN s.`value` BETWEEN 0 AND 100000
  ELSE s.`value` IS NOT NULL END;

-- A sample's dates have an offset ("+09:00") in place of Z now and then; patterns of TO_TIMESTAMP would read, but not
-- apply it. The day of one with Z is its first ten characters, which costs less than another instant.
CREATE TEMPORARY VIEW dated AS
SELECT device_id, user_id, sample_id, data_type, `value`, unit, source_bundle, metadata, is_synced, app_version,
  CASE WHEN start_text LIKE '%Z' THEN TO_TIMESTAMP(start_text, 'yyyy-MM-dd''T''HH:mm:ss.SSS''Z''')
    ELSE TIMESTAMPADD(MINUTE, CAST(SUBSTRING(start_text FROM 24 FOR 1) || '1' AS INT) * -1 *
      (CAST(SUBSTRING(start_text FROM 25 FOR 2) AS INT) * 60 + CAST(SUBSTRING(start_text FROM 28 FOR 2) AS INT)),
      TO_TIMESTAMP(SUBSTRING(start_text FROM 1 FOR 23), 'yyyy-MM-dd''T''HH:mm:ss.SSS')) END AS start_date,
  CASE WHEN end_text LIKE '%Z' THEN TO_TIMESTAMP(end_text, 'yyyy-MM-dd''T''HH:mm:ss.SSS''Z''')
    ELSE TIMESTAMPADD(MINUTE, CAST(SUBSTRING(end_text FROM 24 FOR 1) || '1' AS INT) * -1 *
      (CAST(SUBSTRING(end_text FROM 25 FOR 2) AS INT) * 60 + CAST(SUBSTRING(end_text FROM 28 FOR 2) AS INT)),
      TO_TIMESTAMP(SUBSTRING(end_text FROM 1 FOR 23), 'yyyy-MM-dd''T''HH:mm:ss.SSS')) END AS end_date,
  CASE WHEN start_text LIKE '%Z' THEN CAST(SUBSTRING(start_text FROM 1 FOR 10) AS DATE)
    ELSE CAST(TIMESTAMPADD(MINUTE, CAST(SUBSTRING(start_text FROM 24 FOR 1) || '1' AS INT) * -1 *
      (CAST(SUBSTRING(start_text FROM 25 FOR 2) AS INT) * 60 + CAST(SUBSTRING(start_text FROM 28 FOR 2) AS INT)),
      TO_TIMESTAMP(SUBSTRING(start_text FROM 1 FOR 23), 'yyyy-MM-dd''T''HH:mm:ss.SSS')) AS DATE) END AS start_day
FROM flat;

CREATE CATALOG ice WITH ('type' = 'iceberg', 'catalog-type' = 'hadoop', 'warehouse' = '${WAREHOUSE}');
CREATE DATABASE IF NOT EXISTS ice.health_db;
CREATE TABLE ice.health_db.health_data_raw (
  device_id STRING, user_id STRING, sample_id STRING, data_type STRING, `value` DOUBLE, unit STRING,
  start_date TIMESTAMP(6), end_date TIMESTAMP(6), source_bundle STRING, metadata MAP<STRING, STRING>,
  is_synced BOOLEAN, app_version STRING, start_day DATE
) PARTITIONED BY (start_day, data_type) WITH ('format-version' = '2', 'write.format.default' = 'parquet',
  'write.parquet.compression-codec' = 'snappy', 'write.metadata.compression-codec' = 'gzip',
  'write.target-file-size-bytes' = '134217728');
CREATE TABLE ice.health_db.health_data_daily_agg (
  user_id STRING, data_type STRING, aggregation_date DATE, min_value DOUBLE, max_value DOUBLE, avg_value DOUBLE,
  sum_value DOUBLE, `count` BIGINT
) WITH ('format-version' = '2', 'write.format.default' = 'parquet', 'write.parquet.compression-codec' = 'snappy');

