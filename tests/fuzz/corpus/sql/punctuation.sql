-- case: trailing comma in SELECT
SELECT a, b, FROM t;
-- case: trailing comma in columns
CREATE TABLE t (
  a INT,
  b INT,
);
-- case: trailing comma in options
CREATE TABLE t (a INT) WITH (
  'connector' = 'kafka',
  'topic' = 'x',
);
-- case: two commas
SELECT a,, b FROM t;
-- case: missing comma in columns
CREATE TABLE t (
  a INT
  b INT
);
-- case: missing comma in options
CREATE TABLE t (a INT) WITH (
  'connector' = 'kafka'
  'topic' = 'x'
);
-- case: missing comma in SELECT
SELECT a b c FROM t;
-- case: missing comma before watermark
CREATE TABLE t (
  ts TIMESTAMP(3)
  WATERMARK FOR ts AS ts
);
-- case: missing parenthesis
SELECT (a + b FROM t;
-- case: missing parenthesis at the end
SELECT COUNT(a
-- case: missing parenthesis of columns
CREATE TABLE t (
  a INT,
  b INT
;
-- case: surplus parenthesis
SELECT (a + b)) FROM t;
-- case: surplus parenthesis at the end
SELECT f(a));
-- case: quote without end
SELECT 'abc FROM t;
-- case: quote within a text
SELECT 'it's' FROM t;
-- case: option without a closing quote
CREATE TABLE t (a INT) WITH ('connector = 'kafka');
-- case: comment without end
SELECT 1 /* one
SELECT 2;
-- case: missing semicolon
SET 'a' = 'b'
SELECT 1;
SELECT 2;
-- case: missing semicolon after a table
CREATE TABLE t (a INT) WITH ('a' = 'b')
INSERT INTO t SELECT 1;
-- case: option without quotes
CREATE TABLE t (a INT) WITH (connector = 'kafka');
-- case: option value without quotes
CREATE TABLE t (a INT) WITH ('parallelism' = 4);
-- case: option with a colon
CREATE TABLE t (a INT) WITH ('connector': 'kafka');
-- case: smart quotes
SELECT ‘abc’ FROM t;
-- case: no-break space
SELECT a FROM t;
-- case: typographic minus
SELECT a – b FROM t;
-- case: hash comment
# comment
SELECT 1;
-- case: tab before the error
SELECT a,
		b c d FROM t;
-- case: wide characters before the error
SELECT '日本語' AS x, 日本 語 z FROM t;
