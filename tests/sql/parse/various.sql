-- case: various 2
SELECT a % b FROM t;
-- case: various 5
SELECT INTERVAL a DAY FROM t;
-- case: various 6
SELECT INTERVAL 5 DAY FROM t;
-- case: various 7
SELECT INTERVAL '5' DAYS FROM t;
-- case: various 16
SELECT a IS NOT JSON OBJECT, a IS JSON SCALAR FROM t;
-- case: various 17
SELECT CAST('a' AS INTERVAL DAY(3) TO SECOND(3));
-- case: various 20
CREATE FUNCTION f AS 'a.b' LANGUAGE JAVA USING JAR 'x.jar', JAR 'y.jar';
-- case: various 21
EXECUTE STATEMENT SET BEGIN INSERT INTO a SELECT 1; INSERT INTO b SELECT 2; END;
-- case: various 22
SELECT f(a => 1, b => DEFAULT);
-- case: various 23
SELECT * FROM t FOR SYSTEM_TIME AS OF x AS b;
-- case: various 27
SET a = b;
-- case: various 28
SET 'a' = 'b';
-- case: various 29
SET;
-- case: various 30
RESET;
-- case: various 31
RESET 'a';
-- case: various 33
DESC EXTENDED f;
-- case: various 34
SHOW CREATE CATALOG c;
-- case: various 35
SHOW JOBS;
-- case: various 36
ALTER TABLE t ADD DISTRIBUTION BY (a);
