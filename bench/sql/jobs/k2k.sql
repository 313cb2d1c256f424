-- k2k.sql: events from topic to topic, JSON to JSON: a filter, a projection, a product; at least once. weir and Flink run
-- this file; measure.py and latency.py fill in ${...}.
SET 'execution.checkpointing.interval' = '${CHECKPOINT_MS} ms';
SET 'parallelism.default' = '${PARALLELISM}';
SET 'pipeline.name' = '${NAME}';
CREATE TABLE events (
  event_id STRING, account STRING, kind STRING, symbol STRING, price DOUBLE, quantity INT, `session` STRING,
  `number` BIGINT, ts BIGINT, channel STRING
) WITH ('connector' = 'kafka', 'topic' = '${TOPIC}', 'properties.bootstrap.servers' = '${BROKERS}',
  'properties.group.id' = '${NAME}', 'scan.startup.mode' = 'earliest-offset', ${RANGE}'format' = 'json');
CREATE TABLE orders (
  event_id STRING, account STRING, kind STRING, symbol STRING, total DOUBLE, `number` BIGINT, ts BIGINT
) WITH ('connector' = 'kafka', 'topic' = '${OUT}', 'properties.bootstrap.servers' = '${BROKERS}', ${PROPERTIES}
  'format' = 'json', 'sink.delivery-guarantee' = 'at-least-once');
INSERT INTO orders
SELECT event_id, account, kind, symbol, price * quantity, `number`, ts
FROM events WHERE kind IN ('purchase', 'update') AND price > 100;
