-- exit: 1
CREATE TABLE t (
  id INT,
  price
) WITH ('connector' = 'blackhole');
