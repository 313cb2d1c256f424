-- case: nothing after SELECT
SELECT
-- case: nothing after FROM
SELECT a FROM
-- case: nothing after WHERE
SELECT a FROM t WHERE
-- case: nothing after AND
SELECT a FROM t WHERE a = 1 AND
-- case: nothing after INSERT
INSERT INTO t
-- case: nothing after a comma
SELECT a,
-- case: open column list
CREATE TABLE t (a INT,
-- case: open options
CREATE TABLE t (a INT) WITH ('a' =
-- case: open statement set
EXECUTE STATEMENT SET BEGIN INSERT INTO t SELECT 1;
-- case: nothing after FROM but a semicolon
SELECT a FROM;
-- case: several errors
CREATE TABLE a (x TEXT);
SELECT 1;
SELECT a, FROM t;
INSERT INTO b SELEC 1;
SHOW TABLES;
-- case: errors in a statement set
EXECUTE STATEMENT SET BEGIN
INSERT INTO a SELECT x, FROM t;
INSERT INTO b SELEKT 1;
END;
-- case: hint that is not closed
SELECT * FROM t /*+ OPTIONS('a' = 'b');
-- case: hint in a wrong place
SELECT a /*+ OPTIONS('a' = 'b') */ FROM t;
-- case: long line
SELECT aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa, bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb, ccccccccccc ddddddd eeeeee, ffffffffffffffffffffffffffffffffffffffffffffffffff FROM t;
-- case: pattern without DEFINE
SELECT * FROM t MATCH_RECOGNIZE (ORDER BY ts MEASURES A.x AS x PATTERN (A));
-- case: pattern bounds
SELECT * FROM t MATCH_RECOGNIZE (ORDER BY ts MEASURES A.x AS x PATTERN (A{3,2}) DEFINE A AS TRUE);
-- case: measure without a name
SELECT * FROM t MATCH_RECOGNIZE (ORDER BY ts MEASURES A.x PATTERN (A) DEFINE A AS TRUE);
-- case: window frame without a bound
SELECT SUM(a) OVER (ORDER BY b ROWS 5) FROM t;
-- case: union of nothing
SELECT 1 UNION ALL;
-- case: a setting that is no text
SET a = à;
