SET 'sql-client.execution.result-mode' = 'table';
SELECT 1 AS a;
