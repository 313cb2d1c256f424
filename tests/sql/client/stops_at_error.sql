-- exit: 1
SELECT 1;
SELECT nothing_of_that_name FROM (VALUES (1)) AS t (a);
SELECT 2;
