-- case: equals twice
SELECT * FROM t WHERE a == 1;
-- case: bang equals
SELECT * FROM t WHERE a != 1;
-- case: cast by colons
SELECT a::INT FROM t;
-- case: limit with two numbers
SELECT a FROM t LIMIT 10, 20;
-- case: parameter
SELECT * FROM t WHERE a = ?;
-- case: COLUMN in ALTER TABLE
ALTER TABLE t ADD COLUMN a INT;
-- case: INTO TABLE
INSERT INTO TABLE t SELECT 1;
-- case: OVERWRITE TABLE
INSERT OVERWRITE TABLE t SELECT 1;
-- case: replace a view
CREATE OR REPLACE VIEW v AS SELECT 1;
-- case: MERGE
MERGE INTO t USING u ON t.a = u.a WHEN MATCHED THEN UPDATE SET b = 1;
-- case: QUALIFY
SELECT a FROM t QUALIFY ROW_NUMBER() OVER (ORDER BY a) = 1;
-- case: TOP
SELECT TOP 10 a FROM t;
-- case: window function without TABLE
SELECT * FROM TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' DAY);
-- case: JOIN without ON
SELECT * FROM a JOIN b;
-- case: JOIN with WHERE
SELECT * FROM a LEFT JOIN b WHERE a.x = b.x;
-- case: IS with a value
SELECT a FROM t WHERE a IS 5;
-- case: NOT without a predicate
SELECT a FROM t WHERE a NOT NULL;
-- case: TABLESAMPLE
SELECT * FROM t TABLESAMPLE BERNOULLI (10);
-- case: sequence
SELECT NEXT VALUE FOR s;
-- case: curly braces
SELECT {fn NOW()};
-- case: system function that is not temporary
CREATE SYSTEM FUNCTION f AS 'a.B';
-- case: drain without savepoint
STOP JOB 'abc' WITH DRAIN;
-- case: partition by a function
CREATE TABLE t (a TIMESTAMP(3)) PARTITIONED BY (days(a));
-- case: partition without a value
INSERT INTO t PARTITION (d) SELECT 1;
-- case: temporary catalog
CREATE TEMPORARY CATALOG c WITH ('type' = 'iceberg');
