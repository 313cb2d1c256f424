-- q9: the bid that wins each auction.
CREATE TABLE sink (id BIGINT, itemName STRING, seller BIGINT, bidder BIGINT, price BIGINT, bid_at TIMESTAMP(3),
  PRIMARY KEY (id) NOT ENFORCED) WITH ('connector' = 'blackhole');
INSERT INTO sink
SELECT id, itemName, seller, bidder, price, bid_at FROM (
  SELECT a.id, a.itemName, a.seller, b.bidder, b.price, b.dateTime AS bid_at,
    ROW_NUMBER() OVER (PARTITION BY a.id ORDER BY b.price DESC, b.dateTime ASC) AS place
  FROM auction AS a INNER JOIN bid AS b ON a.id = b.auction WHERE b.dateTime BETWEEN a.dateTime AND a.expires)
WHERE place <= 1;
