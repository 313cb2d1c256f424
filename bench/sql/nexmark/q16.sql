-- q16: the same by channel.
CREATE TABLE sink (channel STRING, day_of STRING, last_minute STRING, bids BIGINT, low BIGINT, high BIGINT, bidders BIGINT,
  auctions BIGINT, PRIMARY KEY (channel, day_of) NOT ENFORCED) WITH ('connector' = 'blackhole');
INSERT INTO sink
SELECT channel, DATE_FORMAT(dateTime, 'yyyy-MM-dd'), MAX(DATE_FORMAT(dateTime, 'HH:mm')), COUNT(*),
  COUNT(*) FILTER (WHERE price < 10000), COUNT(*) FILTER (WHERE price >= 1000000), COUNT(DISTINCT bidder), COUNT(DISTINCT auction)
FROM bid GROUP BY channel, DATE_FORMAT(dateTime, 'yyyy-MM-dd');
