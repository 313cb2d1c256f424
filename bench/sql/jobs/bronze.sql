-- bronze.sql: the messages of a topic, as they are, into an Iceberg table by the day of the message. weir and Flink run
-- this file; measure.py fills in ${...}.
SET 'execution.checkpointing.interval' = '${CHECKPOINT_MS} ms';
SET 'execution.checkpointing.mode' = 'EXACTLY_ONCE';
SET 'parallelism.default' = '${PARALLELISM}';
SET 'pipeline.name' = '${NAME}';
CREATE TABLE messages (
  message STRING,
  topic STRING METADATA VIRTUAL,
  `partition` INT METADATA VIRTUAL,
  `offset` BIGINT METADATA VIRTUAL,
  sent_at TIMESTAMP(3) METADATA FROM 'timestamp' VIRTUAL
) WITH ('connector' = 'kafka', 'topic' = '${TOPIC}', 'properties.bootstrap.servers' = '${BROKERS}',
  'properties.group.id' = '${NAME}', 'scan.startup.mode' = 'earliest-offset', 'scan.bounded.mode' = 'latest-offset',
  'format' = 'raw');
CREATE CATALOG lake WITH ('type' = 'iceberg', 'catalog-type' = 'hadoop', 'warehouse' = '${WAREHOUSE}');
CREATE DATABASE IF NOT EXISTS lake.bronze;
CREATE TABLE lake.bronze.trades (
  message STRING, topic STRING, `partition` INT, `offset` BIGINT,
  sent_at TIMESTAMP(3), taken_at TIMESTAMP(3), day_sent DATE
) PARTITIONED BY (day_sent) WITH ('format-version' = '2', 'write.format.default' = 'parquet',
  'write.parquet.compression-codec' = 'snappy', 'write.target-file-size-bytes' = '134217728');
INSERT INTO lake.bronze.trades
SELECT message, topic, `partition`, `offset`, sent_at, CAST(CURRENT_TIMESTAMP AS TIMESTAMP(3)), CAST(sent_at AS DATE)
FROM messages;
