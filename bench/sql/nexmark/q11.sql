-- q11: how many bids somebody makes in a row.
CREATE TABLE sink (bidder BIGINT, num BIGINT, first_at TIMESTAMP(3), last_at TIMESTAMP(3)) WITH ('connector' = 'blackhole');
INSERT INTO sink
SELECT bidder, COUNT(*), window_start, window_end
FROM TABLE(SESSION(TABLE bid PARTITION BY bidder, DESCRIPTOR(dateTime), INTERVAL '10' SECOND))
GROUP BY bidder, window_start, window_end;
