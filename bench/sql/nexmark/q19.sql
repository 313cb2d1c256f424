-- q19: the ten highest bids on each auction.
CREATE TABLE sink (auction BIGINT, bidder BIGINT, price BIGINT, dateTime TIMESTAMP(3), place BIGINT,
  PRIMARY KEY (auction, place) NOT ENFORCED) WITH ('connector' = 'blackhole');
INSERT INTO sink
SELECT auction, bidder, price, dateTime, place FROM (
  SELECT *, ROW_NUMBER() OVER (PARTITION BY auction ORDER BY price DESC) AS place FROM bid) WHERE place <= 10;
