-- q13: bids with what a file says of their auction.
CREATE TABLE side (id BIGINT, name STRING) WITH ('connector' = 'filesystem', 'path' = 'file://${FOLDER}/side', 'format' = 'csv');
CREATE TABLE sink (auction BIGINT, bidder BIGINT, price BIGINT, dateTime TIMESTAMP(3), name STRING) WITH ('connector' = 'blackhole');
CREATE VIEW clocked AS SELECT *, PROCTIME() AS seen_at FROM bid;
INSERT INTO sink
SELECT b.auction, b.bidder, b.price, b.dateTime, s.name
FROM clocked AS b JOIN side FOR SYSTEM_TIME AS OF b.seen_at AS s ON MOD(b.auction, 10000) = s.id;
