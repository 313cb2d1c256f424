-- What a query over VALUES looks like: the op column, widths by type, NULL.
SELECT 1;
SELECT * FROM (VALUES (1, 'Alice', 1.5), (2, '日本', 2.25), (3, CAST(NULL AS STRING), CAST(NULL AS DECIMAL(3, 2)))) AS t (id, name, price);
SELECT CAST(1e10 AS DOUBLE) AS d, TRUE AS b, DATE '2026-11-22' AS dt,
       TIMESTAMP '2026-11-22 09:45:00.123' AS ts, x'0aff' AS y;
SELECT 'this text is longer than the thirty letters that a column may take' AS long_text;
