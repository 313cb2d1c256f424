-- case: drop
DROP TABLE ordrs;
DROP TABLE nothing;
DROP TABLE other.t;
DROP VIEW orders;
DROP TABLE cheap;
DROP TEMPORARY TABLE plain;
DROP DATABASE default_database;
DROP CATALOG default_catalog;
DROP CATALOG nope;
DROP FUNCTION upper;
DROP FUNCTION nope;
-- case: drop under a temporary one
CREATE TEMPORARY TABLE plain (a INT) WITH ('connector' = 'print');
DROP TABLE plain;
CREATE TEMPORARY TABLE plain (a INT) WITH ('connector' = 'print');
-- case: drop database that is not empty
CREATE TABLE other.t (a INT) WITH ('connector' = 'print');
DROP DATABASE other;
-- case: alter options
ALTER TABLE plain RESET ('connector');
ALTER TABLE plane SET ('a' = 'b');
ALTER TABLE cheap SET ('a' = 'b');
-- case: alter columns
ALTER TABLE plain ADD a BIGINT;
ALTER TABLE plain ADD z INT AFTER nope;
ALTER TABLE plain ADD z AS nope + 1;
ALTER TABLE plain MODIFY z INT;
ALTER TABLE plain MODIFY WATERMARK FOR a AS a;
ALTER TABLE plain MODIFY PRIMARY KEY (a) NOT ENFORCED;
ALTER TABLE plain DROP z;
ALTER TABLE plain DROP (a, a);
ALTER TABLE plain RENAME z TO y;
ALTER TABLE plain RENAME a TO b;
ALTER TABLE plain DROP WATERMARK;
ALTER TABLE plain DROP PRIMARY KEY;
-- case: alter what is in use
ALTER TABLE orders DROP id;
ALTER TABLE orders DROP customer;
ALTER TABLE orders DROP placed;
ALTER TABLE orders DROP ts;
ALTER TABLE orders RENAME placed TO time_of_day;
ALTER TABLE orders RENAME customer TO client;
ALTER TABLE orders DROP CONSTRAINT nope;
ALTER TABLE orders ADD PRIMARY KEY (price) NOT ENFORCED;
ALTER TABLE orders ADD WATERMARK FOR placed AS placed;
ALTER TABLE orders MODIFY placed STRING;
-- case: alter names
ALTER TABLE plain RENAME TO orders;
ALTER TABLE plain RENAME TO other.plain;
ALTER VIEW plain RENAME TO x;
ALTER VIEW cheap RENAME TO orders;
ALTER VIEW nope RENAME TO x;
ALTER DATABASE nope SET ('a' = 'b');
ALTER CATALOG nope SET ('a' = 'b');
ALTER CATALOG default_catalog SET ('a' = 'b');
-- case: use
USE CATALOG default_catlog;
USE othr;
USE a.b.c;
USE MODULES hive;
LOAD MODULE hive;
LOAD MODULE core;
UNLOAD MODULE core;
-- case: show and describe
SHOW TABLES FROM nope;
SHOW DATABASES FROM nope;
SHOW CREATE TABLE cheap;
SHOW CREATE VIEW plain;
SHOW CREATE TABLE ordesr;
SHOW PARTITIONS plain;
SHOW JOBS;
DESCRIBE nope;
DESCRIBE CATALOG nope;
-- case: settings
SET 'table.sql-dialect' = 'hive';
SET 'execution.checkpointing.interval' = 'often';
SET 'execution.runtime-mode' = 'fast';
-- case: not there
UPDATE plain SET a = 1;
DELETE FROM plain;
TRUNCATE TABLE plain;
CALL f();
ANALYZE TABLE plain COMPUTE STATISTICS;
STOP JOB 'x';
COMPILE PLAN '/x' FOR INSERT INTO plain SELECT * FROM plain;
EXECUTE PLAN '/x';
REMOVE JAR '/x';
