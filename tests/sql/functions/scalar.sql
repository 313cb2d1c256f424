SET 'sql-client.execution.result-mode' = 'tableau';
SET 'execution.runtime-mode' = 'batch';
CREATE FUNCTION geohash AS 'geohash' LANGUAGE C USING JAR 'file://places.so';
CREATE TEMPORARY SYSTEM FUNCTION Given AS 'given' LANGUAGE C USING JAR 'test_functions.so';
CREATE TEMPORARY FUNCTION same AS 'same' LANGUAGE C USING JAR 'test_functions.so';
CREATE FUNCTION IF NOT EXISTS counter AS 'counter' LANGUAGE C USING JAR 'test_functions.so';
CREATE FUNCTION IF NOT EXISTS counter AS 'nothing' LANGUAGE C USING JAR 'test_functions.so';
CREATE FUNCTION default_catalog.default_database.answer AS 'answer' LANGUAGE C USING JAR 'test_functions.so';
CREATE FUNCTION `upper` AS 'same' LANGUAGE C USING JAR 'test_functions.so';
CREATE FUNCTION sure AS 'sure' LANGUAGE C USING JAR 'test_functions.so';
SHOW USER FUNCTIONS;
SHOW FUNCTIONS LIKE 'g%e%';
-- constants, NULLs among rows, casts that happen of themselves
SELECT geohash(48.8584, 2.2945, 7);
SELECT GEOHASH(la, lo, n) AS h FROM (VALUES (48.8584, 2.2945, 7), (CAST(NULL AS DECIMAL(6, 4)), 2.2945, 7),
    (-33.8568, 151.2153, 12)) AS t (la, lo, n);
SELECT given(a, b) AS n FROM (VALUES ('x', 1), (CAST(NULL AS STRING), 2), (NULL, CAST(NULL AS INT))) AS t (a, b);
SELECT same(s) AS s FROM (VALUES ('short'), (NULL), ('a text that is longer than twelve bytes')) AS t (s);
SELECT sure('a') AS sure, same(NULL) AS s, answer() AS n, default_catalog.default_database.answer() + 1 AS m, upper('a') AS u,
    `default_database`.`upper`('a') AS mine;
-- in conditions, in branches, several times
SELECT x FROM (VALUES (1), (2), (3)) AS t (x) WHERE answer() + x > 43;
SELECT CASE WHEN x > 1 THEN same('more') ELSE 'one' END AS c FROM (VALUES (1), (2)) AS t (x);
SELECT counter(x) AS n FROM (VALUES (1), (2), (3)) AS t (x);
-- a view keeps it
CREATE VIEW v AS SELECT same(s) AS s FROM (VALUES ('seen')) AS t (s);
SELECT * FROM v;
DESCRIBE FUNCTION same;
DESCRIBE FUNCTION EXTENDED geohash;
DESCRIBE FUNCTION EXTENDED `upper`;
DROP TEMPORARY FUNCTION same;
DROP FUNCTION IF EXISTS counter;
DROP FUNCTION IF EXISTS counter;
DROP TEMPORARY SYSTEM FUNCTION given;
SHOW USER FUNCTIONS;
