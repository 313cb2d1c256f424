-- q6: the mean closing price of each seller's last ten auctions.
CREATE TABLE sink (seller BIGINT, price BIGINT) WITH ('connector' = 'blackhole');
INSERT INTO sink
SELECT seller, AVG(closing) OVER (PARTITION BY seller ORDER BY closed ROWS BETWEEN 10 PRECEDING AND CURRENT ROW) FROM (
  SELECT a.seller AS seller, MAX(b.price) AS closing, MAX(b.dateTime) AS closed
  FROM auction AS a INNER JOIN bid AS b ON a.id = b.auction
  WHERE b.dateTime BETWEEN a.dateTime AND a.expires GROUP BY a.id, a.seller);
