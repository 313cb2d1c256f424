-- case: describe
DESCRIBE orders;
DESC plain;
SHOW COLUMNS FROM orders LIKE '%t%';
SHOW COLUMNS FROM orders NOT LIKE 'p%';
DESCRIBE cheap;
-- case: show create
SHOW CREATE TABLE orders;
SHOW CREATE TABLE plain;
SHOW CREATE VIEW cheap;
-- case: types by their long names
CREATE TABLE t (a CHAR(3), b VARCHAR(5) NOT NULL, c BYTES, d TIMESTAMP_LTZ(3), e TIME(0), f MAP<STRING, INT>, g MULTISET<STRING>, h DECIMAL(5, 1), i DOUBLE COMMENT 'it''s', j VARBINARY(4), k DATE, l BOOLEAN, m TINYINT, n SMALLINT, o FLOAT, p BINARY(2)) WITH ('connector' = 'print');
SHOW CREATE TABLE t;
DESCRIBE t;
-- case: key of a column, and its name
CREATE TABLE k (a INT PRIMARY KEY NOT ENFORCED, b INT) WITH ('connector' = 'print');
SHOW CREATE TABLE k;
CREATE TABLE k2 (a INT, b INT, CONSTRAINT mine PRIMARY KEY (b, a) NOT ENFORCED) WITH ('connector' = 'print');
SHOW CREATE TABLE k2;
DESCRIBE k2;
-- case: if not exists
CREATE TABLE IF NOT EXISTS plain (z INT) WITH ('connector' = 'print');
DESCRIBE plain;
DROP TABLE IF EXISTS nothing;
DROP TABLE plain;
SHOW TABLES;
-- case: temporary
CREATE TEMPORARY TABLE plain (z INT) WITH ('connector' = 'datagen');
DESCRIBE plain;
SHOW TABLES;
CREATE TEMPORARY VIEW v2 AS SELECT z FROM plain;
SHOW VIEWS;
ALTER TABLE plain SET ('rows-per-second' = '5');
SHOW CREATE TABLE plain;
DROP TEMPORARY TABLE plain;
DESCRIBE plain;
DROP TEMPORARY VIEW v2;
SHOW VIEWS;
-- case: names in parts
CREATE TABLE other.t (a INT) WITH ('connector' = 'print');
CREATE TABLE default_catalog.other.u (a INT) WITH ('connector' = 'print');
SHOW TABLES FROM other;
SHOW TABLES IN default_catalog.other LIKE 'u%';
USE other;
SHOW TABLES;
DESCRIBE default_database.plain;
SHOW CURRENT DATABASE;
-- case: as a query
CREATE TABLE copy WITH ('connector' = 'print') AS SELECT a, b AS name FROM plain;
SHOW CREATE TABLE copy;
-- case: an option twice
CREATE TABLE t (a INT) WITH ('connector' = 'print', 'connector' = 'blackhole');
SHOW CREATE TABLE t;
-- case: time attributes
CREATE TABLE t (a STRING, p AS PROCTIME(), ts AS TO_TIMESTAMP(a), WATERMARK FOR ts AS ts) WITH ('connector' = 'print');
DESCRIBE t;
-- case: as a query with a name twice
CREATE TABLE twice WITH ('connector' = 'print') AS SELECT a, b AS a FROM plain;
DESCRIBE twice;
CREATE VIEW twice_view AS SELECT a, b AS a FROM plain;
DESCRIBE twice_view;
