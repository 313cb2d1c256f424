-- case: queries 1
SELECT * FROM a, b;
-- case: queries 2
SELECT * FROM a, b JOIN c ON a.x = c.x, d;
-- case: queries 3
SELECT * FROM a JOIN b USING (x, y);
-- case: queries 4
SELECT * FROM a NATURAL LEFT JOIN b;
-- case: queries 5
SELECT * FROM a CROSS JOIN b;
-- case: queries 6
SELECT * FROM a LEFT OUTER JOIN b ON TRUE RIGHT JOIN c ON a.i = c.i FULL OUTER JOIN d ON 1 = 1;
-- case: queries 7
SELECT * FROM (a JOIN b ON a.x = b.x) JOIN c ON a.x = c.x;
-- case: queries 8
SELECT * FROM a JOIN (b JOIN c ON b.x = c.x) ON a.x = c.x;
-- case: queries 9
SELECT * FROM (SELECT 1 AS x) AS t;
-- case: queries 10
SELECT * FROM ((SELECT 1 AS x) UNION ALL (SELECT 2)) t (y);
-- case: queries 11
SELECT * FROM ((SELECT 1 AS x) AS a JOIN b ON a.x = b.x);
-- case: queries 12
SELECT * FROM (VALUES (1, 'a'), (2, 'b')) AS t (id, name);
-- case: queries 13
SELECT * FROM LATERAL (SELECT a.x) AS l;
-- case: queries 14
SELECT * FROM a, LATERAL TABLE(split(a.x)) AS t (w);
-- case: queries 15
SELECT * FROM a LEFT JOIN LATERAL TABLE(split(x, ',')) AS t (w, n) ON TRUE;
-- case: queries 16
SELECT * FROM a CROSS JOIN UNNEST(a.xs) AS t (x);
-- case: queries 17
SELECT * FROM a CROSS JOIN UNNEST(xs) WITH ORDINALITY AS t (x, i);
-- case: queries 18
SELECT * FROM UNNEST(ARRAY[1, 2]) AS t;
-- case: queries 19
SELECT * FROM TABLE(TUMBLE(TABLE bid, DESCRIPTOR(ts), INTERVAL '10' MINUTES));
-- case: queries 20
SELECT * FROM TABLE(TUMBLE(DATA => TABLE c.d.bid, TIMECOL => DESCRIPTOR(ts), SIZE => INTERVAL '10' MINUTE, `OFFSET` => INTERVAL '1' HOUR));
-- case: queries 21
SELECT * FROM TABLE(HOP(TABLE bid, DESCRIPTOR(ts), INTERVAL '5' MINUTE, INTERVAL '10' MINUTE)) AS w;
-- case: queries 22
SELECT * FROM TABLE(CUMULATE(TABLE bid, DESCRIPTOR(ts), INTERVAL '2' MINUTE, INTERVAL '10' MINUTE));
-- case: queries 23
SELECT * FROM TABLE(SESSION(TABLE bid PARTITION BY item, DESCRIPTOR(ts), INTERVAL '5' MINUTE));
-- case: queries 24
SELECT * FROM TABLE(SESSION(TABLE bid PARTITION BY (a, b) ORDER BY c, DESCRIPTOR(ts), INTERVAL '5' MINUTE));
-- case: queries 25
SELECT * FROM TABLE(SESSION(DATA => TABLE bid PARTITION BY item, TIMECOL => DESCRIPTOR(ts), GAP => INTERVAL '5' MINUTE));
-- case: queries 26
SELECT * FROM TABLE(TUMBLE((SELECT * FROM bid), DESCRIPTOR(ts), INTERVAL '10' MINUTE));
-- case: queries 27
SELECT window_start, window_end, SUM(price) FROM TABLE(TUMBLE(TABLE bid, DESCRIPTOR(ts), INTERVAL '10' MINUTE)) GROUP BY window_start, window_end, GROUPING SETS ((item), ());
-- case: queries 28
SELECT a, COUNT(*) FROM t GROUP BY ROLLUP (a, b), CUBE (c, (d, e));
-- case: queries 29
SELECT COUNT(*) FROM t GROUP BY ();
-- case: queries 30
SELECT a FROM t GROUP BY (a, b), c HAVING COUNT(*) > 1;
-- case: queries 31
SELECT a FROM t GROUP BY GROUPING SETS (ROLLUP (a, b), (c), GROUPING SETS (a, ()));
-- case: queries 32
SELECT a FROM t GROUP BY (a + 1) * 2;
-- case: queries 33
SELECT TUMBLE_START(ts, INTERVAL '1' DAY), SUM(x) FROM t GROUP BY TUMBLE(ts, INTERVAL '1' DAY), k;
-- case: queries 34
SELECT DISTINCT a FROM t;
-- case: queries 35
SELECT ALL a FROM t;
-- case: queries 36
SELECT a FROM t ORDER BY a DESC NULLS LAST, b ASC NULLS FIRST LIMIT 10 OFFSET 5 ROWS;
-- case: queries 37
SELECT a FROM t OFFSET 5;
-- case: queries 38
SELECT a FROM t FETCH FIRST 3 ROWS ONLY;
-- case: queries 39
SELECT a FROM t OFFSET 2 ROWS FETCH NEXT 3 ROWS ONLY;
-- case: queries 40
SELECT a FROM t LIMIT ALL;
-- case: queries 41
SELECT 1 UNION ALL SELECT 2 UNION SELECT 3;
-- case: queries 42
SELECT 1 UNION SELECT 2 INTERSECT SELECT 3 EXCEPT ALL SELECT 4;
-- case: queries 43
(SELECT 1 UNION SELECT 2) INTERSECT SELECT 3;
-- case: queries 44
SELECT 1 UNION ALL (SELECT 2 ORDER BY 1 LIMIT 1) ORDER BY 1;
-- case: queries 45
(SELECT 1 ORDER BY 1 LIMIT 2) LIMIT 1;
-- case: queries 46
WITH a AS (SELECT 1), b (x, y) AS (SELECT 1, 2) SELECT * FROM a, b;
-- case: queries 47
WITH a AS (WITH b AS (SELECT 1) SELECT * FROM b) SELECT * FROM a;
-- case: queries 48
VALUES (1, 'a'), (2, NULL);
-- case: queries 49
VALUES 1, 2;
-- case: queries 50
TABLE t;
-- case: queries 51
((SELECT 1));
-- case: queries 52
SELECT /*+ BROADCAST(a, b), LOOKUP('table' = 'd', 'async' = 'true') */ * FROM a JOIN b ON a.x = b.x;
-- case: queries 53
SELECT * FROM t /*+ OPTIONS('scan.startup.mode' = 'earliest-offset') */ AS x;
-- case: queries 54
SELECT /*+ STATE_TTL('a' = '1d', 'b' = '2h') */ * FROM a JOIN b ON a.x = b.x;
-- case: queries 55
SELECT * FROM o JOIN d FOR SYSTEM_TIME AS OF o.ts AS d ON o.k = d.k;
-- case: queries 56
SELECT * FROM o LEFT JOIN d /*+ OPTIONS('a' = 'b') */ FOR SYSTEM_TIME AS OF PROCTIME() d ON o.k = d.k;
-- case: queries 57
SELECT SUM(a) OVER w, ROW_NUMBER() OVER (w ROWS 2 PRECEDING) FROM t WINDOW w AS (PARTITION BY b ORDER BY c), v AS (ORDER BY d);
-- case: queries 58
SELECT * FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY a ORDER BY b DESC) AS rn FROM t) WHERE rn <= 3;
-- case: queries 59
SELECT * FROM t MATCH_RECOGNIZE (PARTITION BY s ORDER BY ts MEASURES START_ROW.ts AS start_ts, LAST(PD.ts) AS b, AVG(PD.p) AS p ONE ROW PER MATCH AFTER MATCH SKIP TO LAST PU PATTERN (START_ROW PD+ PU) DEFINE PD AS (LAST(PD.p, 1) IS NULL AND PD.p < START_ROW.p) OR PD.p < LAST(PD.p, 1), PU AS PU.p > LAST(PD.p, 1)) MR;
-- case: queries 60
SELECT * FROM t MATCH_RECOGNIZE (ORDER BY ts MEASURES A.x AS x ALL ROWS PER MATCH AFTER MATCH SKIP PAST LAST ROW PATTERN (A B{2,4}? C{3} D{2,} E{,5} F*? G+? H??) WITHIN INTERVAL '1' HOUR DEFINE B AS TRUE) AS m;
-- case: queries 61
SELECT * FROM t MATCH_RECOGNIZE (ORDER BY ts MEASURES A.x AS x AFTER MATCH SKIP TO NEXT ROW PATTERN (^ A | B (C D)+ | PERMUTE(E, F) {- G -} $) SUBSET S = (A, B) DEFINE A AS A.x > 1);
-- case: queries 62
SELECT * FROM t MATCH_RECOGNIZE (ORDER BY ts MEASURES FINAL LAST(A.x) AS x, RUNNING SUM(A.y) AS y AFTER MATCH SKIP TO FIRST A PATTERN (A) DEFINE A AS A.x > PREV(A.x, 1));
-- case: queries 63
SELECT a + b * c - d / e % f, (a + b) * c, a - (b - c), a || b || c, -(-a), - a * b, NOT (a AND b) OR c;
-- case: queries 64
SELECT a AND b OR c AND NOT d, (a OR b) AND c, NOT a = b, (NOT a) = b;
-- case: queries 65
SELECT (a = b) = c, a = (b = c), a IS NULL = b, (a = b) IS NULL, a = b IS NOT TRUE;
-- case: queries 66
SELECT a BETWEEN 1 + 2 AND 3 * 4 AND b, NOT a BETWEEN 1 AND 2, (a BETWEEN 1 AND 2) = b;
-- case: queries 67
SELECT a LIKE 'x' || b ESCAPE '\', a NOT LIKE b AND c, (a LIKE b) LIKE c;
-- case: queries 68
SELECT a IS DISTINCT FROM b + 1, a IS NOT DISTINCT FROM (b AND c);
-- case: queries 69
SELECT a IN (1, 2) AND b NOT IN (SELECT x FROM t), (a, b) IN ((1, 2), (3, 4)), a IN ((SELECT 1)), a IN ((1));
-- case: queries 70
SELECT EXISTS (SELECT 1) AND NOT EXISTS (SELECT 2 FROM t);
-- case: queries 71
SELECT (SELECT MAX(a) FROM t) + 1, ((SELECT 1) + 1), ((SELECT 1) UNION (SELECT 2));
-- case: queries 72
SELECT CASE a WHEN 1 THEN 'x' WHEN 2, 3 THEN 'y' ELSE 'z' END, CASE WHEN a > 1 THEN 1 END;
-- case: queries 73
SELECT a[1], a['k'], a[1].b, f(a)[2].c.d, (a).b, ARRAY[1, 2][1], MAP['a', 1]['a'], CAST(a AS ROW<x INT>).x;
-- case: queries 74
SELECT t.a.b.c, `t`.`select`, t.*, c.d.t.* FROM t;
-- case: queries 75
SELECT COUNT(DISTINCT a) FILTER (WHERE b > 1), LISTAGG(a, ',') FROM t;
-- case: queries 76
SELECT UPPER('a'), c.d.f(x => 1, y => DEFAULT), `MyFunc`(1), IF(a, b, c), MOD(a, 2);
-- case: queries 77
SELECT 'it''s', '', U&'\00e9\D83D\DE00', U&'!0041' UESCAPE '!', _UTF16'x', N'y', X'0aFF', 'line
break';
-- case: queries 78
SELECT TRIM(LEADING 'x' FROM a), TRIM(a), SUBSTRING(a FROM 1 FOR 2), SUBSTRING(a, 2), OVERLAY(a PLACING 'b' FROM 1 FOR 2), POSITION('a' IN b), EXTRACT(DAY FROM a), FLOOR(a TO MONTH), CEIL(a), TIMESTAMPADD(MINUTE, 1, a), TIMESTAMPDIFF(DAY, a, b);
-- case: queries 79
SELECT CURRENT_DATE, CURRENT_TIMESTAMP, LOCALTIMESTAMP, NOW(), CURRENT_TIMESTAMP(3);
-- case: queries 80
SELECT INTERVAL '1' DAY, INTERVAL -'1 02:03' DAY TO MINUTE, INTERVAL '1-2' YEAR TO MONTH, INTERVAL '1.5' SECOND(3, 2), INTERVAL a DAY, INTERVAL (a + 1) HOUR;
-- case: queries 81
SELECT DATE '2025-11-30', TIME '12:30:00.5', TIMESTAMP '2025-11-30 12:30:00.123456789';
-- case: queries 82
SELECT 1, 1.5, .5, 1., 1e3, 1.5E-3, 99999999999999999999, -1;
-- case: queries 83
SELECT TRY_CAST(a AS DECIMAL(10, 2)), CAST(a AS TIMESTAMP_LTZ(3)), CAST(a AS ARRAY<MAP<STRING, ROW<x INT NOT NULL, y VARCHAR(3)>>>), CAST(a AS INTERVAL DAY TO SECOND(3)), CAST(a AS INT ARRAY);
-- case: queries 84
SELECT a -- comment
, /* another
*/ b // third
FROM t;
-- case: queries 85
SELECT JSON_VALUE(j, '$.a' RETURNING INT DEFAULT 1 ON EMPTY NULL ON ERROR), JSON_QUERY(j, '$' WITH CONDITIONAL WRAPPER EMPTY OBJECT ON ERROR), JSON_OBJECT(KEY 'a' VALUE 1, 'b': 2 ABSENT ON NULL), JSON_ARRAY(1, 2 NULL ON NULL), JSON_OBJECTAGG(KEY a VALUE b), JSON_EXISTS(j, '$.x' UNKNOWN ON ERROR);
-- case: queries 86
SELECT a FROM t WHERE ts BETWEEN o.ts - INTERVAL '4' HOUR AND o.ts AND b;
-- case: queries 87
SELECT `a``b` AS `c d` FROM `x y`.`z`;
-- case: queries 88
SELECT größe AS ü FROM tëst;
-- case: queries 90
EXECUTE STATEMENT SET BEGIN INSERT INTO a SELECT 1; INSERT INTO b VALUES (1); END;
-- case: queries 91
EXPLAIN ESTIMATED_COST, CHANGELOG_MODE, JSON_EXECUTION_PLAN, PLAN_ADVICE INSERT INTO t SELECT 1;
-- case: queries 92
EXPLAIN STATEMENT SET BEGIN INSERT INTO a SELECT 1; END;
-- case: queries 93
CREATE TABLE t (a STRING, b INT NOT NULL COMMENT 'it''s', c AS UPPER(a) COMMENT 'u', d TIMESTAMP(3) METADATA FROM 'timestamp' VIRTUAL, e BIGINT METADATA, ts AS TO_TIMESTAMP(a), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND, CONSTRAINT pk PRIMARY KEY (b) NOT ENFORCED) COMMENT 'x' DISTRIBUTED BY HASH(b) INTO 4 BUCKETS PARTITIONED BY (b, a) WITH ('connector' = 'kafka', 'k' = '');
-- case: queries 94
CREATE TEMPORARY TABLE IF NOT EXISTS a.b.c (x INT PRIMARY KEY NOT ENFORCED) WITH ('connector' = 'print') LIKE base (INCLUDING ALL EXCLUDING OPTIONS OVERWRITING WATERMARKS);
-- case: queries 95
CREATE TABLE t WITH ('a' = 'b') AS SELECT * FROM s;
-- case: queries 96
CREATE TEMPORARY VIEW v (a, b) COMMENT 'c' AS SELECT 1, 2;
-- case: queries 97
SET 'table.exec.state.ttl' = '1 d';
-- case: queries 98
SELECT * FROM a LEFT JOIN b ON a.x = b.x AND a.ts BETWEEN b.ts - INTERVAL '1' HOUR AND b.ts + INTERVAL '1' HOUR WHERE a.z IS NOT NULL;
-- case: queries 99
SELECT 1 AS a;
-- case: queries 100
SELECT x.y FROM t x WHERE x.y <> 1 AND x.z >= 2 OR x.z <= 3 AND x.w > 4 OR x.w < 5;
-- case: queries 101
SELECT f(*), COUNT(t.a), f() FROM t;
-- case: queries 102
SELECT PERIOD (a, b) OVERLAPS PERIOD (c, d), (a, b) CONTAINS c;
-- case: queries 103
SELECT * FROM t WHERE a = ANY (SELECT 1) AND b <> ALL (1, 2);
-- case: queries 104
SELECT a MULTISET UNION ALL b, a MEMBER OF b, MULTISET[1, 2];
-- case: queries 105
SELECT AVG(x) OVER (PARTITION BY a ORDER BY ts RANGE BETWEEN INTERVAL '1' HOUR PRECEDING AND CURRENT ROW) FROM t;
-- case: queries 106
SELECT LAST_VALUE(x) RESPECT NULLS OVER (ORDER BY ts ROWS BETWEEN 10 PRECEDING AND 1 FOLLOWING) FROM t;
-- case: queries 107
SELECT COUNT(*) OVER (ORDER BY ts ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) FROM t;
-- case: queries 108
SELECT * FROM `t$snapshots`;
-- case: queries 109
SELECT DATE_FORMAT(ts, 'yyyy-MM-dd') d, COUNT(*) c FROM t GROUP BY DATE_FORMAT(ts, 'yyyy-MM-dd');
