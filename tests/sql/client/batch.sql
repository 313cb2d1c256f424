SET 'execution.runtime-mode' = 'batch';
SELECT * FROM (VALUES (1, 'Alice'), (2, 'Bob')) AS t (id, name);
SELECT a FROM (VALUES (1)) AS t (a) WHERE a = 2;
SET 'sql-client.display.print-time-cost' = 'false';
SELECT 1 AS a;
