-- case: statements 1
SELECT N'abc';
-- case: statements 3
SELECT X'0a';
-- case: statements 4
SELECT 1 // comment;
-- case: statements 6
SELECT 'a'
'b';
-- case: statements 9
SELECT t.`year`, a.b.c.d.e FROM t;
-- case: statements 10
SELECT a FROM t t1 (x, y);
-- case: statements 11
SELECT f(x).a, a[1].b, (a).b, ROW(1,2).a;
-- case: statements 12
SELECT (a, b) IN ((1,2)), (1,2) OVERLAPS (3,4);
-- case: statements 13
SELECT PERIOD (a, b) OVERLAPS (c, d);
-- case: statements 18
CREATE TABLE t (a INT CONSTRAINT x PRIMARY KEY NOT ENFORCED COMMENT 'x', b AS a + 1 COMMENT 'c', c INT METADATA FROM 'k' VIRTUAL COMMENT 'd', WATERMARK FOR a.b AS c - INTERVAL '1' SECOND);
-- case: statements 20
CREATE TABLE t;
-- case: statements 21
CREATE TABLE t WITH ('a'='b');
-- case: statements 22
CREATE TABLE t (a INT) WITH ();
-- case: statements 24
CREATE TABLE t LIKE u;
-- case: statements 25
CREATE TABLE t (a INT) DISTRIBUTED BY HASH(a) INTO 3 BUCKETS;
-- case: statements 26
CREATE TABLE t (a INT) DISTRIBUTED INTO 3 BUCKETS PARTITIONED BY (a);
-- case: statements 27
CREATE TABLE t (a INT) DISTRIBUTED BY (a);
-- case: statements 28
CREATE TABLE t PARTITIONED BY (a) AS SELECT 1;
-- case: statements 29
CREATE TABLE t (a INT) WITH ('a' = 'b') LIKE u (INCLUDING ALL EXCLUDING OPTIONS OVERWRITING GENERATED EXCLUDING DISTRIBUTION);
-- case: statements 31
CREATE OR REPLACE TABLE t AS SELECT 1;
-- case: statements 32
REPLACE TABLE t AS SELECT 1;
-- case: statements 33
CREATE OR REPLACE TABLE t (a INT) WITH ('a'='b');
-- case: statements 34
CREATE OR REPLACE TEMPORARY TABLE t AS SELECT 1;
-- case: statements 37
CREATE VIEW v (a, b) AS (SELECT 1, 2);
-- case: statements 38
CREATE MATERIALIZED TABLE m (CONSTRAINT c PRIMARY KEY (a) NOT ENFORCED) COMMENT 'x' PARTITIONED BY (a) WITH ('x'='y') FRESHNESS = INTERVAL '1' MINUTE REFRESH_MODE = FULL AS SELECT 1;
-- case: statements 39
CREATE MATERIALIZED TABLE m FRESHNESS = INTERVAL '1' MINUTE AS SELECT 1;
-- case: statements 41
ALTER MATERIALIZED TABLE m SUSPEND;
-- case: statements 42
ALTER MATERIALIZED TABLE m RESUME WITH ('a'='b');
-- case: statements 43
ALTER MATERIALIZED TABLE m REFRESH PARTITION (a='b');
-- case: statements 44
ALTER MATERIALIZED TABLE m SET FRESHNESS = INTERVAL '1' DAY;
-- case: statements 45
ALTER MATERIALIZED TABLE m SET REFRESH_MODE = CONTINUOUS;
-- case: statements 47
ALTER MATERIALIZED TABLE m SET ('a'='b');
-- case: statements 48
ALTER MATERIALIZED TABLE m RESET ('a');
-- case: statements 49
DROP MATERIALIZED TABLE IF EXISTS m;
-- case: statements 50
CREATE MODEL m INPUT(a INT) OUTPUT (b STRING) COMMENT 'x' WITH ('a'='b');
-- case: statements 51
CREATE MODEL m WITH ('a'='b') AS SELECT 1;
-- case: statements 52
CREATE TEMPORARY MODEL IF NOT EXISTS m WITH ('a'='b');
-- case: statements 53
ALTER MODEL m RENAME TO n;
-- case: statements 54
ALTER MODEL IF EXISTS m SET ('a'='b');
-- case: statements 56
DROP TEMPORARY MODEL IF EXISTS m;
-- case: statements 57
SHOW CREATE MODEL m;
-- case: statements 58
SHOW MODELS;
-- case: statements 59
DESCRIBE MODEL m;
-- case: statements 60
CREATE CATALOG IF NOT EXISTS c COMMENT 'x' WITH ('a'='b');
-- case: statements 61
CREATE CATALOG c;
-- case: statements 62
ALTER CATALOG c SET ('a'='b');
-- case: statements 63
ALTER CATALOG c RESET ('a');
-- case: statements 64
ALTER CATALOG c COMMENT 'x';
-- case: statements 65
ALTER DATABASE d SET ('a'='b');
-- case: statements 67
CREATE DATABASE IF NOT EXISTS c.d COMMENT 'x' WITH ('a'='b');
-- case: statements 68
DROP DATABASE IF EXISTS d CASCADE;
-- case: statements 69
DROP CATALOG IF EXISTS c;
-- case: statements 70
DROP TEMPORARY SYSTEM FUNCTION IF EXISTS f;
-- case: statements 71
ALTER TEMPORARY FUNCTION IF EXISTS f AS 'x' LANGUAGE SQL;
-- case: statements 72
CREATE TEMPORARY SYSTEM FUNCTION f AS 'x' LANGUAGE PYTHON;
-- case: statements 74
ALTER TABLE IF EXISTS t RENAME TO u;
-- case: statements 75
ALTER TABLE t RENAME a TO b;
-- case: statements 76
ALTER TABLE t RENAME a.b TO b;
-- case: statements 77
ALTER TABLE t ADD a INT AFTER b;
-- case: statements 78
ALTER TABLE t ADD (a INT FIRST, b AS 1 AFTER c, WATERMARK FOR x AS y, PRIMARY KEY (a) NOT ENFORCED);
-- case: statements 79
ALTER TABLE t ADD WATERMARK FOR a AS b;
-- case: statements 80
ALTER TABLE t ADD CONSTRAINT c PRIMARY KEY (a) NOT ENFORCED;
-- case: statements 81
ALTER TABLE t MODIFY a BIGINT COMMENT 'x' FIRST;
-- case: statements 83
ALTER TABLE t MODIFY DISTRIBUTION BY HASH(a) INTO 3 BUCKETS;
-- case: statements 84
ALTER TABLE t DROP a;
-- case: statements 85
ALTER TABLE t DROP (a, b);
-- case: statements 86
ALTER TABLE t DROP a.b;
-- case: statements 87
ALTER TABLE t DROP PRIMARY KEY;
-- case: statements 88
ALTER TABLE t DROP CONSTRAINT c;
-- case: statements 89
ALTER TABLE t DROP WATERMARK;
-- case: statements 90
ALTER TABLE t DROP DISTRIBUTION;
-- case: statements 91
ALTER TABLE t ADD IF NOT EXISTS PARTITION (a='1', b=2) WITH ('k'='v') PARTITION (a='2');
-- case: statements 92
ALTER TABLE t DROP IF EXISTS PARTITION (a='1'), PARTITION (a='2');
-- case: statements 93
ALTER TABLE t PARTITION (a='1') COMPACT;
-- case: statements 94
ALTER TABLE t COMPACT;
-- case: statements 95
ALTER TABLE t RESET ('a', 'b');
-- case: statements 96
ALTER TABLE t RESET ();
-- case: statements 99
ALTER VIEW v AS SELECT 1;
-- case: statements 100
ALTER VIEW v RENAME TO w;
-- case: statements 102
ANALYZE TABLE t PARTITION (a='1', b) COMPUTE STATISTICS FOR COLUMNS x, y;
-- case: statements 103
ANALYZE TABLE t COMPUTE STATISTICS FOR ALL COLUMNS;
-- case: statements 104
ANALYZE TABLE t COMPUTE STATISTICS;
-- case: statements 105
SHOW DATABASES FROM c NOT LIKE 'a%';
-- case: statements 108
SHOW TABLES IN c.d ILIKE 'a%';
-- case: statements 109
SHOW VIEWS FROM d LIKE 'x';
-- case: statements 110
SHOW USER FUNCTIONS FROM d LIKE 'x';
-- case: statements 111
SHOW PROCEDURES IN d NOT ILIKE 'x';
-- case: statements 112
SHOW FULL MODULES;
-- case: statements 113
SHOW COLUMNS IN t LIKE 'x';
-- case: statements 114
SHOW PARTITIONS t PARTITION (a='1');
-- case: statements 115
SHOW FUNCTIONS ILIKE 'x';
-- case: statements 118
DESCRIBE EXTENDED c.d.t;
-- case: statements 119
DESC CATALOG EXTENDED c;
-- case: statements 120
DESCRIBE DATABASE EXTENDED d;
-- case: statements 121
DESCRIBE JOB 'x';
-- case: statements 122
STOP JOB 'x' WITH SAVEPOINT WITH DRAIN;
-- case: statements 124
LOAD MODULE m WITH ('a'='b');
-- case: statements 125
UNLOAD MODULE m;
-- case: statements 126
USE MODULES a, b;
-- case: statements 127
USE c.d;
-- case: statements 128
ADD JAR 'x.jar';
-- case: statements 129
REMOVE JAR 'x.jar';
-- case: statements 130
COMPILE PLAN 'x' IF NOT EXISTS FOR INSERT INTO t SELECT 1;
-- case: statements 131
COMPILE PLAN 'x' FOR STATEMENT SET BEGIN INSERT INTO t SELECT 1; END;
-- case: statements 132
COMPILE AND EXECUTE PLAN 'x' FOR INSERT INTO t SELECT 1;
-- case: statements 133
EXECUTE PLAN 'x';
-- case: statements 134
EXECUTE SELECT 1;
-- case: statements 135
EXECUTE INSERT INTO t SELECT 1;
-- case: statements 137
EXPLAIN CHANGELOG_MODE, ESTIMATED_COST SELECT 1;
-- case: statements 138
EXPLAIN PLAN FOR SELECT 1;
-- case: statements 139
EXPLAIN STATEMENT SET BEGIN INSERT INTO t SELECT 1; END;
-- case: statements 143
BEGIN STATEMENT SET;
-- case: statements 144
END;
-- case: statements 145
TRUNCATE TABLE t;
-- case: statements 146
CALL c.d.p(1, name => 'x');
-- case: statements 148
DELETE FROM t WHERE a = 1;
-- case: statements 149
DELETE FROM t AS x;
-- case: statements 150
UPDATE t SET a = 1, b = b + 1 WHERE c;
-- case: statements 153
INSERT INTO t (a, b) SELECT 1, 2;
-- case: statements 154
INSERT OVERWRITE t PARTITION (a='1', b=2) SELECT 1;
-- case: statements 158
INSERT INTO t /*+ OPTIONS('a'='b') */ (a) VALUES (1), (2);
-- case: statements 159
INSERT INTO t PARTITION (a='1') (b) VALUES 1, ROW(2);
-- case: statements 160
INSERT INTO t TABLE u;
-- case: statements 161
INSERT INTO t (SELECT 1);
-- case: statements 162
INSERT INTO t WITH a AS (SELECT 1) SELECT * FROM a;
-- case: statements 165
SET a.b = 'x';
