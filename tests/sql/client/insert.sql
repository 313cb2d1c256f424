CREATE TABLE nothing (id BIGINT) WITH ('connector' = 'blackhole');
INSERT INTO nothing VALUES (1), (2);
SET 'table.dml-sync' = 'true';
INSERT INTO nothing SELECT * FROM (VALUES (CAST(3 AS BIGINT)));
