-- q15: the bids of each day, in ranks of price.
CREATE TABLE sink (day_of STRING, bids BIGINT, low BIGINT, middle BIGINT, high BIGINT, bidders BIGINT, low_bidders BIGINT,
  auctions BIGINT, low_auctions BIGINT, PRIMARY KEY (day_of) NOT ENFORCED) WITH ('connector' = 'blackhole');
INSERT INTO sink
SELECT DATE_FORMAT(dateTime, 'yyyy-MM-dd'), COUNT(*), COUNT(*) FILTER (WHERE price < 10000),
  COUNT(*) FILTER (WHERE price >= 10000 AND price < 1000000), COUNT(*) FILTER (WHERE price >= 1000000),
  COUNT(DISTINCT bidder), COUNT(DISTINCT bidder) FILTER (WHERE price < 10000),
  COUNT(DISTINCT auction), COUNT(DISTINCT auction) FILTER (WHERE price < 10000)
FROM bid GROUP BY DATE_FORMAT(dateTime, 'yyyy-MM-dd');
