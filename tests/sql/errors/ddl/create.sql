-- case: column twice
CREATE TABLE t (
  a INT,
  b STRING,
  a BIGINT
) WITH ('connector' = 'print');
-- case: key not declared
CREATE TABLE t (idd INT, PRIMARY KEY (id) NOT ENFORCED) WITH ('connector' = 'print');
-- case: key enforced
CREATE TABLE t (id INT, PRIMARY KEY (id)) WITH ('connector' = 'print');
-- case: key enforced by name
CREATE TABLE t (id INT, PRIMARY KEY (id) ENFORCED) WITH ('connector' = 'print');
-- case: two keys
CREATE TABLE t (id INT PRIMARY KEY NOT ENFORCED, b INT, PRIMARY KEY (b) NOT ENFORCED) WITH ('connector' = 'print');
-- case: column twice in the key
CREATE TABLE t (id INT, PRIMARY KEY (id, id) NOT ENFORCED) WITH ('connector' = 'print');
-- case: key of a computed column
CREATE TABLE t (id INT, b AS id + 1, PRIMARY KEY (b) NOT ENFORCED) WITH ('connector' = 'print');
-- case: key of a metadata column
CREATE TABLE t (id INT, b INT METADATA, PRIMARY KEY (b) NOT ENFORCED) WITH ('connector' = 'print');
-- case: unique
CREATE TABLE t (id INT, UNIQUE (id) NOT ENFORCED) WITH ('connector' = 'print');
-- case: partition not declared
CREATE TABLE t (id INT, region STRING) PARTITIONED BY (regoin) WITH ('connector' = 'print');
-- case: partition twice
CREATE TABLE t (id INT, region STRING) PARTITIONED BY (region, region) WITH ('connector' = 'print');
-- case: partition of a computed column
CREATE TABLE t (id INT, r AS id) PARTITIONED BY (r) WITH ('connector' = 'print');
-- case: watermark of no column
CREATE TABLE t (event_time TIMESTAMP(3), WATERMARK FOR event_tme AS event_time) WITH ('connector' = 'print');
-- case: watermark of a string
CREATE TABLE t (ts STRING, WATERMARK FOR ts AS ts) WITH ('connector' = 'print');
-- case: watermark of a number
CREATE TABLE t (ts BIGINT, WATERMARK FOR ts AS ts) WITH ('connector' = 'print');
-- case: watermark of too fine a time
CREATE TABLE t (ts TIMESTAMP(6), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND) WITH ('connector' = 'print');
-- case: watermark of a computed column that is too fine
CREATE TABLE t (a TIMESTAMP_LTZ(6), ts AS a, WATERMARK FOR ts AS ts) WITH ('connector' = 'print');
-- case: watermark of processing time
CREATE TABLE t (a INT, p AS PROCTIME(), WATERMARK FOR p AS p) WITH ('connector' = 'print');
-- case: watermark of another type
CREATE TABLE t (ts TIMESTAMP(3), z TIMESTAMP_LTZ(3), WATERMARK FOR ts AS z) WITH ('connector' = 'print');
-- case: watermark that is no time
CREATE TABLE t (ts TIMESTAMP(3), WATERMARK FOR ts AS 5) WITH ('connector' = 'print');
-- case: watermark reads no column
CREATE TABLE t (ts TIMESTAMP(3), WATERMARK FOR ts AS tss - INTERVAL '5' SECOND) WITH ('connector' = 'print');
-- case: watermark within a row
CREATE TABLE t (r ROW<ts TIMESTAMP(3)>, WATERMARK FOR r.ts AS r.ts) WITH ('connector' = 'print');
-- case: metadata key twice
CREATE TABLE t (a INT, b BIGINT METADATA FROM 'offset', c BIGINT METADATA FROM 'offset') WITH ('connector' = 'print');
-- case: computed of no column
CREATE TABLE t (price INT, double_price AS prise * 2) WITH ('connector' = 'print');
-- case: computed of no function
CREATE TABLE t (a STRING, b AS UPER(a)) WITH ('connector' = 'print');
-- case: computed of a computed column
CREATE TABLE t (a INT, b AS a + 1, c AS b + 1) WITH ('connector' = 'print');
-- case: computed null
CREATE TABLE t (a INT, b AS NULL) WITH ('connector' = 'print');
-- case: exists
CREATE TABLE plain (a INT) WITH ('connector' = 'print');
-- case: exists as a view
CREATE TABLE cheap (a INT) WITH ('connector' = 'print');
-- case: no such database
CREATE TABLE othr.t (a INT) WITH ('connector' = 'print');
-- case: no such catalog
CREATE TABLE defalt_catalog.other.t (a INT) WITH ('connector' = 'print');
-- case: four parts
CREATE TABLE a.b.c.d (a INT) WITH ('connector' = 'print');
-- case: empty option
CREATE TABLE t (a INT) WITH ('' = 'print');
-- case: replace
CREATE OR REPLACE TABLE t WITH ('connector' = 'print') AS SELECT a FROM plain;
-- case: buckets
CREATE TABLE t (a INT) DISTRIBUTED BY HASH(a) INTO 4 BUCKETS WITH ('connector' = 'print');
-- case: as of no table
CREATE TABLE t WITH ('connector' = 'print') AS SELECT a FROM plaine;
-- case: like no table
CREATE TABLE t LIKE ordrs;
-- case: like a view
CREATE TABLE t LIKE cheap;
-- case: like with a column that is there
CREATE TABLE t (customer INT) LIKE orders;
-- case: like with a computed column that is there
CREATE TABLE t (ts AS placed) LIKE orders;
-- case: like with a second key
CREATE TABLE t (z INT, PRIMARY KEY (z) NOT ENFORCED) LIKE orders;
-- case: like with a second watermark
CREATE TABLE t (WATERMARK FOR placed AS placed) LIKE orders;
-- case: like with an option that is there
CREATE TABLE t WITH ('topic' = 'x') LIKE orders (INCLUDING OPTIONS);
-- case: like with other partitions
CREATE TABLE t PARTITIONED BY (price) LIKE orders;
-- case: like without what it is computed from
CREATE TABLE t (p2 AS part + 1) LIKE orders (EXCLUDING METADATA);
-- case: function
CREATE FUNCTION f AS 'org.example.F' LANGUAGE JAVA USING JAR '/x.jar';
-- case: function that is built in
CREATE TEMPORARY SYSTEM FUNCTION upper AS 'org.example.Upper';
-- case: view exists
CREATE VIEW plain AS SELECT 1 AS x;
-- case: view with too few names
CREATE VIEW v (x) AS SELECT a, b FROM plain;
-- case: view of no table
CREATE VIEW v AS SELECT a FROM pain;
-- case: catalog exists
CREATE CATALOG default_catalog WITH ('type' = 'generic_in_memory');
-- case: catalog without a type
CREATE CATALOG c WITH ('a' = 'b');
-- case: catalog of another type
CREATE CATALOG c WITH ('type' = 'glue');
-- case: catalog of hive
CREATE CATALOG c WITH ('type' = 'hive');
-- case: catalog with an option too many
CREATE CATALOG c WITH ('type' = 'generic_in_memory', 'warehouse' = 'x');
-- case: database exists
CREATE DATABASE other;
-- case: model and materialized table
CREATE MATERIALIZED TABLE m FRESHNESS = INTERVAL '1' MINUTE AS SELECT a FROM plain;
