-- exit: 1
CREATE TABLE hole (a INT, b INT) PARTITIONED BY (a) WITH ('connector' = 'blackhole');
EXPLAIN INSERT INTO hole PARTITION (a = 1) (b) SELECT 3;
INSERT INTO hole PARTITION (a = 1) (b, a) SELECT 3, 2;
