-- exit: 1
SET 'sql-client.execution.result-mode' = 'pages';
SELECT 1;
