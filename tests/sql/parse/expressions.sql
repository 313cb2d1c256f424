-- case: expressions 1
SELECT ARRAY[] FROM t;
-- case: expressions 2
SELECT ARRAY[1,2] FROM t;
-- case: expressions 3
SELECT ARRAY(SELECT 1) FROM t;
-- case: expressions 5
SELECT MAP[] FROM t;
-- case: expressions 6
SELECT MAP['a',1] FROM t;
-- case: expressions 8
SELECT MAP(SELECT 1,2) FROM t;
-- case: expressions 10
SELECT MULTISET[1] FROM t;
-- case: expressions 11
SELECT ROW(1) FROM t;
-- case: expressions 14
SELECT (1,2) FROM t;
-- case: expressions 16
SELECT CAST(a AS INT) FROM t;
-- case: expressions 17
SELECT CAST(a AS ROW<x INT>) FROM t;
-- case: expressions 18
SELECT TRY_CAST(a AS INT) FROM t;
-- case: expressions 21
SELECT CASE WHEN a THEN b END FROM t;
-- case: expressions 22
SELECT CASE a WHEN 1, 2 THEN 3 ELSE 4 END FROM t;
-- case: expressions 26
SELECT COUNT(*) FROM t;
-- case: expressions 27
SELECT COUNT(DISTINCT a) FROM t;
-- case: expressions 28
SELECT COUNT(DISTINCT a, b) FROM t;
-- case: expressions 29
SELECT COUNT(ALL a) FROM t;
-- case: expressions 30
SELECT SUM(a) FILTER (WHERE b) FROM t;
-- case: expressions 31
SELECT LISTAGG(a, ',') WITHIN GROUP (ORDER BY b DESC NULLS LAST) FROM t;
-- case: expressions 32
SELECT ARRAY_AGG(a ORDER BY b) FROM t;
-- case: expressions 34
SELECT FIRST_VALUE(a) IGNORE NULLS OVER (ORDER BY b) FROM t;
-- case: expressions 36
SELECT LAG(a, 1) RESPECT NULLS OVER w FROM t;
-- case: expressions 37
SELECT SUM(a) OVER (PARTITION BY b ORDER BY c ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) FROM t;
-- case: expressions 38
SELECT SUM(a) OVER (ORDER BY c RANGE BETWEEN INTERVAL '1' DAY PRECEDING AND CURRENT ROW) FROM t;
-- case: expressions 39
SELECT SUM(a) OVER (ROWS UNBOUNDED PRECEDING) FROM t;
-- case: expressions 40
SELECT SUM(a) OVER (w ROWS 2 PRECEDING ALLOW PARTIAL) FROM t;
-- case: expressions 41
SELECT SUM(a) OVER w FROM t;
-- case: expressions 42
SELECT ROW_NUMBER() OVER () FROM t;
-- case: expressions 44
SELECT a BETWEEN 1 AND 2 FROM t;
-- case: expressions 45
SELECT a NOT BETWEEN SYMMETRIC 1 AND 2 FROM t;
-- case: expressions 46
SELECT a BETWEEN ASYMMETRIC 1 AND 2 AND b FROM t;
-- case: expressions 47
SELECT a LIKE b FROM t;
-- case: expressions 48
SELECT a NOT LIKE b ESCAPE 'c' FROM t;
-- case: expressions 49
SELECT a ILIKE b FROM t;
-- case: expressions 50
SELECT a RLIKE b FROM t;
-- case: expressions 51
SELECT a SIMILAR TO b ESCAPE 'x' FROM t;
-- case: expressions 52
SELECT a NOT SIMILAR TO b FROM t;
-- case: expressions 53
SELECT a IN (1) FROM t;
-- case: expressions 54
SELECT a IN (SELECT 1) FROM t;
-- case: expressions 55
SELECT a NOT IN (1,2) FROM t;
-- case: expressions 58
SELECT EXISTS (SELECT 1) FROM t;
-- case: expressions 59
SELECT NOT EXISTS (SELECT 1) FROM t;
-- case: expressions 60
SELECT a = ANY (SELECT 1) FROM t;
-- case: expressions 61
SELECT a > ALL (1,2) FROM t;
-- case: expressions 62
SELECT a = SOME (SELECT 1) FROM t;
-- case: expressions 63
SELECT a IS DISTINCT FROM b FROM t;
-- case: expressions 64
SELECT a IS NOT DISTINCT FROM b FROM t;
-- case: expressions 65
SELECT a IS NOT TRUE FROM t;
-- case: expressions 66
SELECT a IS UNKNOWN FROM t;
-- case: expressions 67
SELECT a IS NOT UNKNOWN FROM t;
-- case: expressions 68
SELECT a IS NULL FROM t;
-- case: expressions 69
SELECT a ISNULL FROM t;
-- case: expressions 70
SELECT a IS A SET FROM t;
-- case: expressions 71
SELECT a IS EMPTY FROM t;
-- case: expressions 72
SELECT a IS NOT EMPTY FROM t;
-- case: expressions 73
SELECT a MEMBER OF b FROM t;
-- case: expressions 75
SELECT a SUBMULTISET OF b FROM t;
-- case: expressions 76
SELECT a MULTISET UNION ALL b FROM t;
-- case: expressions 77
SELECT a MULTISET EXCEPT b FROM t;
-- case: expressions 81
SELECT a || b FROM t;
-- case: expressions 85
SELECT NOT a AND b FROM t;
-- case: expressions 86
SELECT - a FROM t;
-- case: expressions 87
SELECT + a FROM t;
-- case: expressions 88
SELECT - - a FROM t;
-- case: expressions 89
SELECT a -- b
 FROM t;
-- case: expressions 90
SELECT 1 + -1 FROM t;
-- case: expressions 91
SELECT 1.5e3 FROM t;
-- case: expressions 92
SELECT .5 FROM t;
-- case: expressions 93
SELECT 5. FROM t;
-- case: expressions 94
SELECT 1e FROM t;
-- case: expressions 95
SELECT 0x1F FROM t;
-- case: expressions 96
SELECT 1_000 FROM t;
-- case: expressions 97
SELECT 1a FROM t;
-- case: expressions 98
SELECT 99999999999999999999 FROM t;
-- case: expressions 99
SELECT NULL FROM t;
-- case: expressions 100
SELECT TRUE FROM t;
-- case: expressions 101
SELECT UNKNOWN FROM t;
-- case: expressions 102
SELECT CURRENT_DATE FROM t;
-- case: expressions 103
SELECT CURRENT_DATE() FROM t;
-- case: expressions 104
SELECT CURRENT_TIMESTAMP(3) FROM t;
-- case: expressions 105
SELECT LOCALTIMESTAMP FROM t;
-- case: expressions 106
SELECT CURRENT_USER FROM t;
-- case: expressions 107
SELECT USER FROM t;
-- case: expressions 108
SELECT NOW() FROM t;
-- case: expressions 109
SELECT LEFT(a, 1) FROM t;
-- case: expressions 110
SELECT YEAR(a) FROM t;
-- case: expressions 111
SELECT MOD(a, b) FROM t;
-- case: expressions 112
SELECT WEEK(a) FROM t;
-- case: expressions 113
SELECT QUARTER(a) FROM t;
-- case: expressions 114
SELECT IF(a, b, c) FROM t;
-- case: expressions 115
SELECT LOG(a) FROM t;
-- case: expressions 116
SELECT CHAR_LENGTH(a) FROM t;
-- case: expressions 117
SELECT MINUTE(a) FROM t;
-- case: expressions 118
SELECT DAYOFWEEK(a) FROM t;
-- case: expressions 119
SELECT `a b`.`c` FROM t;
-- case: expressions 120
SELECT `a``b` FROM t;
-- case: expressions 121
SELECT a.* FROM t;
-- case: expressions 122
SELECT a.b.* FROM t;
-- case: expressions 123
SELECT *, a FROM t;
-- case: expressions 124
SELECT f(a => 1) FROM t;
-- case: expressions 125
SELECT f(1, b => 2) FROM t;
-- case: expressions 126
SELECT f(DEFAULT) FROM t;
-- case: expressions 127
SELECT f(*) FROM t;
-- case: expressions 128
SELECT f(TABLE t) FROM t;
-- case: expressions 130
SELECT f(DESCRIPTOR(a)) FROM t;
-- case: expressions 131
SELECT c.d.f(1) FROM t;
-- case: expressions 132
SELECT `f`(1) FROM t;
-- case: expressions 135
SELECT TRANSLATE(a, b, c) FROM t;
-- case: expressions 137
SELECT a[1][2] FROM t;
-- case: expressions 138
SELECT a[1].b[2].c FROM t;
-- case: expressions 139
SELECT f(a)[1] FROM t;
-- case: expressions 140
SELECT (a).b FROM t;
-- case: expressions 141
SELECT (a, b).c FROM t;
-- case: expressions 142
SELECT (SELECT 1) FROM t;
-- case: expressions 143
SELECT (SELECT 1).a FROM t;
-- case: expressions 144
SELECT ((a)) FROM t;
-- case: expressions 146
SELECT GROUPING(a) FROM t;
-- case: expressions 147
SELECT GROUPING_ID(a, b) FROM t;
-- case: expressions 148
SELECT GROUP_ID() FROM t;
-- case: expressions 150
SELECT U&'\00e9' FROM t;
-- case: expressions 151
SELECT U&'!00e9' UESCAPE '!' FROM t;
-- case: expressions 152
SELECT _UTF16'x' FROM t;
-- case: expressions 153
SELECT _UTF8'x' FROM t;
-- case: expressions 154
SELECT _LATIN1'x' FROM t;
-- case: expressions 155
SELECT 'a''b' FROM t;
-- case: expressions 156
SELECT '' FROM t;
-- case: expressions 158
SELECT a AS b FROM t;
-- case: expressions 159
SELECT a b FROM t;
-- case: expressions 163
SELECT DATE_FORMAT(a, 'x') FROM t;
-- case: expressions 164
SELECT RAND() FROM t;
-- case: expressions 166
SELECT MD5(a) FROM t;
-- case: expressions 167
SELECT COALESCE(a, b) FROM t;
-- case: expressions 168
SELECT NULLIF(a,b) FROM t;
-- case: expressions 169
SELECT GREATEST(1,2) FROM t;
-- case: expressions 170
SELECT PERCENTILE(a, 0.5) FROM t;
-- case: expressions 171
SELECT PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY a) FROM t;
-- case: expressions 173
SELECT TUMBLE_START(a, INTERVAL '1' DAY) FROM t;
-- case: expressions 174
SELECT HOP(a, b, c) FROM t;
-- case: expressions 175
SELECT SESSION(a, b) FROM t;
-- case: expressions 176
SELECT a.b(1) FROM t;
-- case: expressions 181
SELECT EXTRACT(DOW FROM a) FROM t;
-- case: expressions 182
SELECT PERIOD(a,b) FROM t;
-- case: expressions 184
SELECT ELEMENT(a) FROM t;
-- case: expressions 185
SELECT CARDINALITY(a) FROM t;
-- case: expressions 187
SELECT LAST(a.b, 1) FROM t;
-- case: expressions 188
SELECT FIRST(a) FROM t;
-- case: expressions 189
SELECT PREV(a) FROM t;
-- case: expressions 190
SELECT CLASSIFIER() FROM t;
-- case: expressions 191
SELECT MATCH_NUMBER() FROM t;
-- case: expressions 192
SELECT a NOT IN (SELECT 1) FROM t;
-- case: expressions 196
SELECT CHAR(65) FROM t;
-- case: expressions 197
SELECT TO_TIMESTAMP_LTZ(a, 3) FROM t;
-- case: expressions 198
SELECT TYPEOF(a) FROM t;
-- case: expressions 199
SELECT SUM(a) WITHIN GROUP (ORDER BY b) FROM t;
-- case: expressions 200
SELECT a CONTAINS b FROM t;
-- case: expressions 201
SELECT (a,b) CONTAINS c FROM t;
-- case: expressions 202
SELECT (a,b) IMMEDIATELY PRECEDES (c,d) FROM t;
-- case: expressions 203
SELECT INTERVAL '1' DAY * 2 FROM t;
-- case: expressions 204
SELECT a + INTERVAL '1' DAY FROM t;
