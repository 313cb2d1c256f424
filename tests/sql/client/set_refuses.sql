-- exit: 1
CREATE TABLE a (id BIGINT) WITH ('connector' = 'blackhole');
BEGIN STATEMENT SET;
INSERT INTO a VALUES (1);
SELECT 1;
END;
