-- case: date of no day
SELECT DATE '2025-02-30';
-- case: date in another order
SELECT DATE '30.11.2025';
-- case: time without seconds
SELECT TIME '10:00';
-- case: timestamp with a T
SELECT TIMESTAMP '2025-11-30T12:00:00';
-- case: interval of a word
SELECT INTERVAL 'x' DAY;
-- case: interval of two units
SELECT INTERVAL '1' DAY TO HOUR;
-- case: interval of a week
SELECT INTERVAL '1' WEEK;
-- case: interval the wrong way
SELECT INTERVAL '1' DAY TO MONTH;
-- case: interval without a unit
SELECT ts - INTERVAL '5' FROM t;
-- case: interval beyond a field
SELECT INTERVAL '1 25' DAY TO HOUR;
-- case: bytes of odd length
SELECT X'0af';
-- case: unknown character set
SELECT _KOI8'x';
-- case: escape that is none
SELECT U&'\00g9';
-- case: half a character
SELECT U&'\D83D';
-- case: map without a value
SELECT MAP['a', 1, 'b'];
-- case: case without WHEN
SELECT CASE a ELSE 1 END FROM t;
-- case: case without END
SELECT CASE WHEN a THEN 1 FROM t;
-- case: extract without FROM
SELECT EXTRACT(DAY, ts) FROM t;
-- case: extract of no unit
SELECT EXTRACT(foo FROM ts) FROM t;
-- case: timestampadd of a text
SELECT TIMESTAMPADD('DAY', 1, ts) FROM t;
-- case: empty IN
SELECT a FROM t WHERE a IN ();
-- case: star as a value
SELECT * + 1 FROM t;
-- case: trim with a comma
SELECT TRIM(a, 'x') FROM t;
-- case: position with a comma
SELECT POSITION('a', b) FROM t;
-- case: json_object with commas
SELECT JSON_OBJECT('a', 1) FROM t;
