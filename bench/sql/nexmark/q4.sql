-- q4: the mean closing price of each category.
CREATE TABLE sink (id BIGINT, final BIGINT, PRIMARY KEY (id) NOT ENFORCED) WITH ('connector' = 'blackhole');
INSERT INTO sink
SELECT category, AVG(closing) FROM (
  SELECT a.category AS category, MAX(b.price) AS closing FROM auction AS a INNER JOIN bid AS b ON a.id = b.auction
  WHERE b.dateTime BETWEEN a.dateTime AND a.expires GROUP BY a.id, a.category) GROUP BY category;
