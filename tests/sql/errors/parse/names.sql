-- case: reserved column in SELECT
SELECT value FROM t;
-- case: reserved column in CREATE
CREATE TABLE t (timestamp TIMESTAMP(3));
-- case: reserved column in a list
CREATE TABLE t (id INT, user STRING, year INT);
-- case: reserved after a point
SELECT t.value FROM t;
-- case: reserved alias
SELECT a AS value FROM t;
-- case: reserved table
SELECT * FROM order;
-- case: reserved function without parentheses
SELECT count FROM t;
-- case: reserved in INSERT columns
INSERT INTO t (a, partition) SELECT 1, 2;
-- case: reserved in GROUP BY
SELECT 1 FROM t GROUP BY day;
-- case: reserved primary key
CREATE TABLE t (id INT, PRIMARY KEY (date) NOT ENFORCED);
-- case: type as a column
SELECT timestamp, a FROM t;
-- case: double quoted column
SELECT "a" FROM t;
-- case: double quoted text
SELECT * FROM t WHERE a = "x";
-- case: double quoted alias
SELECT a AS "b" FROM t;
-- case: text as alias
SELECT a AS 'b' FROM t;
-- case: empty name
SELECT `` FROM t;
-- case: name without end
SELECT `a FROM t;
-- case: number as a table
SELECT * FROM 2024_data;
-- case: brackets as quotes
SELECT [a] FROM t;
-- case: catalog with two parts
CREATE CATALOG a.b WITH ('type' = 'iceberg');
-- case: nested column
ALTER TABLE t MODIFY (a.b INT);
-- case: long name
SELECT aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa FROM t;
