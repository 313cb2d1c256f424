SET 'sql-client.execution.result-mode' = 'tableau';
SET 'execution.runtime-mode' = 'batch';
CREATE FUNCTION words AS 'words' LANGUAGE C USING JAR 'places.so';
CREATE FUNCTION numbers AS 'range' LANGUAGE C USING JAR 'test_functions.so';
CREATE VIEW notes AS SELECT * FROM (VALUES (1, 'to be or'), (2, ''), (3, CAST(NULL AS STRING)),
    (4, 'incomprehensibilities')) AS t (id, text);
SELECT id, nth, word FROM notes, LATERAL TABLE(words(text));
SELECT id, w FROM notes CROSS JOIN LATERAL TABLE(words(text)) AS t (n, w) WHERE n > 1;
SELECT id, t.word FROM notes LEFT JOIN LATERAL TABLE(words(text)) AS t ON TRUE;
SELECT * FROM TABLE(words('by itself'));
SELECT w FROM LATERAL TABLE(words('by itself')) AS t (n, w);
SELECT * FROM TABLE(numbers(3)) AS t (i), LATERAL TABLE(numbers(i)) AS u (j);
SELECT n, i FROM (VALUES (2), (NULL), (0), (1)) AS t (n), LATERAL TABLE(numbers(n));
DESCRIBE FUNCTION EXTENDED words;
EXPLAIN SELECT id, word FROM notes, LATERAL TABLE(words(text));
