-- bronze.sql: two exchanges' trades from Kafka, as they are, into Iceberg tables by day: nothing is parsed, nothing is
-- lost, and every row tells where it came from.
SET 'execution.checkpointing.interval' = '10s';
SET 'pipeline.name' = 'bronze-trades';

CREATE TABLE kafka_source_binance (
  raw_message STRING,
  topic STRING METADATA VIRTUAL,
  `partition` INT METADATA VIRTUAL,
  `offset` BIGINT METADATA VIRTUAL,
  kafka_time TIMESTAMP_LTZ(3) METADATA FROM 'timestamp' VIRTUAL
) WITH (
  'connector' = 'kafka',
  'topic' = 'binance.raw',
  'properties.bootstrap.servers' = 'kafka:9092',
  'properties.group.id' = 'bronze-binance',
  'properties.auto.offset.reset' = 'earliest',
  'scan.startup.mode' = 'earliest-offset',
  'format' = 'raw'
);

CREATE TABLE kafka_source_kraken (
  raw_message STRING,
  topic STRING METADATA VIRTUAL,
  `partition` INT METADATA VIRTUAL,
  `offset` BIGINT METADATA VIRTUAL,
  kafka_time TIMESTAMP_LTZ(3) METADATA FROM 'timestamp' VIRTUAL
) WITH (
  'connector' = 'kafka',
  'topic' = 'kraken.raw',
  'properties.bootstrap.servers' = 'kafka:9092',
  'properties.group.id' = 'bronze-kraken',
  'properties.auto.offset.reset' = 'earliest',
  'scan.startup.mode' = 'earliest-offset',
  'format' = 'raw'
);

CREATE CATALOG iceberg WITH (
  'type' = 'iceberg',
  'catalog-type' = 'rest',
  'uri' = 'http://iceberg-rest:8181',
  'warehouse' = 's3a://warehouse/',
  'io-impl' = 'org.apache.iceberg.aws.s3.S3FileIO',
  's3.endpoint' = 'http://minio:9000',
  's3.path-style-access' = 'true',
  's3.access-key-id' = 'admin',
  's3.secret-access-key' = 'password',
  'client.region' = 'us-east-1'
);

USE CATALOG iceberg;
CREATE DATABASE IF NOT EXISTS market_data;

CREATE TABLE IF NOT EXISTS market_data.bronze_binance_trades (
  raw_message STRING COMMENT 'the message, byte for byte',
  topic STRING,
  `partition` INT,
  `offset` BIGINT,
  kafka_time TIMESTAMP_LTZ(6),
  ingested_at TIMESTAMP_LTZ(6),
  ingestion_date DATE
) PARTITIONED BY (ingestion_date) WITH (
  'format-version' = '2',
  'write.format.default' = 'parquet',
  'write.parquet.compression-codec' = 'zstd',
  'write.target-file-size-bytes' = '134217728'
);

CREATE TABLE IF NOT EXISTS market_data.bronze_kraken_trades (
  raw_message STRING COMMENT 'the message, byte for byte',
  topic STRING,
  `partition` INT,
  `offset` BIGINT,
  kafka_time TIMESTAMP_LTZ(6),
  ingested_at TIMESTAMP_LTZ(6),
  ingestion_date DATE
) PARTITIONED BY (ingestion_date) WITH (
  'format-version' = '2',
  'write.format.default' = 'parquet',
  'write.parquet.compression-codec' = 'zstd',
  'write.target-file-size-bytes' = '134217728'
);

EXECUTE STATEMENT SET BEGIN
  INSERT INTO iceberg.market_data.bronze_binance_trades
  SELECT raw_message, topic, `partition`, `offset`, kafka_time, CURRENT_TIMESTAMP, CURRENT_DATE
  FROM default_catalog.default_database.kafka_source_binance;

  INSERT INTO iceberg.market_data.bronze_kraken_trades
  SELECT raw_message, topic, `partition`, `offset`, kafka_time, CURRENT_TIMESTAMP, CURRENT_DATE
  FROM default_catalog.default_database.kafka_source_kraken;
END;
