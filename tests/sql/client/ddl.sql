CREATE TABLE clicks (id BIGINT, url STRING, seen TIMESTAMP(3)) WITH ('connector' = 'datagen', 'number-of-rows' = '3');
SHOW TABLES;
DESCRIBE clicks;
SHOW CURRENT CATALOG;
SHOW VIEWS;
DROP TABLE clicks;
SHOW TABLES;
