SET 'pipeline.name' = 'mine';
SET;
RESET 'pipeline.name';
SET 'sql-client.display.max-column-width' = '12';
SELECT 'a text of more than twelve letters' AS t;
