-- q20: bids with their auction, of one category.
CREATE TABLE sink (auction BIGINT, bidder BIGINT, price BIGINT, dateTime TIMESTAMP(3), itemName STRING, seller BIGINT)
WITH ('connector' = 'blackhole');
INSERT INTO sink
SELECT b.auction, b.bidder, b.price, b.dateTime, a.itemName, a.seller
FROM bid AS b INNER JOIN auction AS a ON b.auction = a.id WHERE a.category = 10;
