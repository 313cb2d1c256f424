-- q7: the highest bid of each window.
CREATE TABLE sink (auction BIGINT, bidder BIGINT, price BIGINT, dateTime TIMESTAMP(3), extra STRING) WITH ('connector' = 'blackhole');
INSERT INTO sink
SELECT b.auction, b.bidder, b.price, b.dateTime, b.extra FROM bid AS b JOIN (
  SELECT MAX(price) AS price, window_end AS until
  FROM TABLE(TUMBLE(TABLE bid, DESCRIPTOR(dateTime), INTERVAL '10' SECOND)) GROUP BY window_start, window_end) AS best
ON b.price = best.price WHERE b.dateTime BETWEEN best.until - INTERVAL '10' SECOND AND best.until;
