-- q12: how many bids somebody makes within ten seconds of the clock.
CREATE TABLE sink (bidder BIGINT, num BIGINT, first_at TIMESTAMP(3), last_at TIMESTAMP(3)) WITH ('connector' = 'blackhole');
CREATE VIEW clocked AS SELECT *, PROCTIME() AS seen_at FROM bid;
INSERT INTO sink
SELECT bidder, COUNT(*), window_start, window_end
FROM TABLE(TUMBLE(TABLE clocked, DESCRIPTOR(seen_at), INTERVAL '10' SECOND)) GROUP BY bidder, window_start, window_end;
