SET 'execution.runtime-mode' = 'batch';
SELECT * FROM (VALUES (1, 'Alice'), (2, 'Bob')) AS t (id, name);
SELECT 1 AS a WHERE 1 = 2;
SET 'sql-client.display.print-time-cost' = 'false';
SELECT 1 AS a;
