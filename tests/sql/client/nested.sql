SELECT ARRAY[1, 2, CAST(NULL AS INT)] AS l, MAP['k', 'v'] AS m, ROW(1, 'a') AS r;
