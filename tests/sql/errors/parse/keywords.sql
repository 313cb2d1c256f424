-- case: misspelt first word
SELCT 1;
-- case: misspelt FROM
SELECT a FORM t;
-- case: misspelt FROM with WHERE
SELECT a FRMO t WHERE a > 1;
-- case: misspelt WHERE
SELECT a FROM t WEHRE a > 1;
-- case: misspelt GROUP
SELECT a FROM t GRUOP BY a;
-- case: misspelt ORDER
SELECT a FROM t ODER BY a;
-- case: misspelt CREATE
CRATE TABLE t (a INT);
-- case: misspelt INTO
INSERT INOT t SELECT 1;
-- case: misspelt TABLE
CREATE TABEL t (a INT);
-- case: misspelt VALUES
INSERT INTO t VALEUS (1);
-- case: misspelt JOIN
SELECT * FROM a LEFT JION b ON a.x = b.x;
-- case: misspelt WATERMARK
CREATE TABLE t (a INT, WATERMRK FOR a AS a);
-- case: misspelt PRIMARY
CREATE TABLE t (a INT, PRIMRY KEY (a) NOT ENFORCED);
-- case: misspelt ENFORCED
CREATE TABLE t (a INT, PRIMARY KEY (a) NOT ENFORCD);
-- case: misspelt PARTITIONED
CREATE TABLE t (a INT) PARTITONED BY (a) WITH ('a' = 'b');
-- case: misspelt BETWEEN
SELECT a FROM t WHERE a BETWEN 1 AND 2;
-- case: misspelt SHOW object
SHOW TABELS;
-- case: misspelt DESCRIBE
DESCIRBE t;
-- case: misspelt EXECUTE
EXCUTE STATEMENT SET BEGIN INSERT INTO t SELECT 1; END;
-- case: misspelt LIMIT
SELECT a FROM t LIMT 3;
-- case: misspelt unit
SELECT INTERVAL '1' DYA;
-- case: misspelt OVER
SELECT SUM(a) OVR (ORDER BY b) FROM t;
-- case: misspelt METADATA
CREATE TABLE t (a INT METDATA);
-- case: not a statement
hello world;
-- case: only a number
42;
