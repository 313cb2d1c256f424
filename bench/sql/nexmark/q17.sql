-- q17: the bids of each auction and day.
CREATE TABLE sink (auction BIGINT, day_of STRING, bids BIGINT, low BIGINT, high BIGINT, least BIGINT, most BIGINT, mean BIGINT,
  total BIGINT, PRIMARY KEY (auction, day_of) NOT ENFORCED) WITH ('connector' = 'blackhole');
INSERT INTO sink
SELECT auction, DATE_FORMAT(dateTime, 'yyyy-MM-dd'), COUNT(*), COUNT(*) FILTER (WHERE price < 10000),
  COUNT(*) FILTER (WHERE price >= 1000000), MIN(price), MAX(price), AVG(price), SUM(price)
FROM bid GROUP BY auction, DATE_FORMAT(dateTime, 'yyyy-MM-dd');
