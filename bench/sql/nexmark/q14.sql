-- q14: bids of a middling price, by time of day. The benchmark counts letters with a Java function; here SQL does.
CREATE TABLE sink (auction BIGINT, bidder BIGINT, price DECIMAL(23, 3), time_of_day STRING, dateTime TIMESTAMP(3), extra STRING,
  letters BIGINT) WITH ('connector' = 'blackhole');
INSERT INTO sink
SELECT auction, bidder, 0.908 * price,
  CASE WHEN HOUR(dateTime) BETWEEN 8 AND 18 THEN 'day' WHEN HOUR(dateTime) <= 6 OR HOUR(dateTime) >= 20 THEN 'night'
    ELSE 'between' END,
  dateTime, extra, CAST(CHAR_LENGTH(extra) - CHAR_LENGTH(REPLACE(extra, 'c', '')) AS BIGINT)
FROM bid WHERE 0.908 * price > 1000000 AND 0.908 * price < 50000000;
