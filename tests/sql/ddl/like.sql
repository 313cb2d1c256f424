-- case: all of it
CREATE TABLE t WITH ('topic' = 'other') LIKE orders;
SHOW CREATE TABLE t;
-- case: more columns
CREATE TABLE t (extra INT, low AS LOWER(customer)) LIKE orders;
DESCRIBE t;
-- case: nothing but columns
CREATE TABLE t WITH ('connector' = 'print') LIKE orders (EXCLUDING ALL);
SHOW CREATE TABLE t;
-- case: some
CREATE TABLE t WITH ('connector' = 'print') LIKE orders (EXCLUDING OPTIONS EXCLUDING WATERMARKS INCLUDING GENERATED EXCLUDING METADATA);
SHOW CREATE TABLE t;
-- case: overwriting
CREATE TABLE t (ts AS placed + INTERVAL '1' SECOND, part INT METADATA FROM 'p2' VIRTUAL, WATERMARK FOR ts AS ts) WITH ('topic' = 'b') LIKE orders (OVERWRITING GENERATED OVERWRITING METADATA OVERWRITING WATERMARKS);
SHOW CREATE TABLE t;
