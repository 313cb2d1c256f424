-- case: dead letters: no such table
SELECT id FROM events /*+ OPTIONS('dead-letter.table' = 'leters') */;
-- case: dead letters: no such catalog
SELECT id FROM events /*+ OPTIONS('dead-letter.table' = 'lake.db.letters') */;
-- case: dead letters: no name
SELECT id FROM events /*+ OPTIONS('dead-letter.table' = 'a b') */;
-- case: dead letters: too many parts
SELECT id FROM events /*+ OPTIONS('dead-letter.table' = 'a.b.c.d') */;
-- case: dead letters: a view
SELECT id FROM events /*+ OPTIONS('dead-letter.table' = 'seen') */;
-- case: dead letters: the table itself
SELECT id FROM events /*+ OPTIONS('dead-letter.table' = 'events') */;
-- case: dead letters: a table of something else
SELECT id FROM events /*+ OPTIONS('dead-letter.table' = 'plain') */;
-- case: dead letters: a column that must have a value
CREATE TABLE l (raw_payload STRING NOT NULL) WITH ('connector' = 'print');
SELECT id FROM events /*+ OPTIONS('dead-letter.table' = 'l') */;
-- case: dead letters: a column that nothing fills
CREATE TABLE l (raw_payload STRING, user_id INT NOT NULL) WITH ('connector' = 'print');
SELECT id FROM events /*+ OPTIONS('dead-letter.table' = 'l') */;
-- case: dead letters: a column of another type
CREATE TABLE l (raw_payload STRING, `partition` DATE) WITH ('connector' = 'print');
SELECT id FROM events /*+ OPTIONS('dead-letter.table' = 'l') */;
-- case: dead letters: a table that cannot be written
CREATE TABLE l (raw_payload STRING) WITH ('connector' = 'datagen');
SELECT id FROM events /*+ OPTIONS('dead-letter.table' = 'l') */;
-- case: dead letters: without a table
CREATE TABLE e (id INT) WITH ('connector' = 'filesystem', 'path' = '/tmp/x', 'format' = 'json', 'on-error' = 'dead-letter');
SELECT id FROM e;
-- case: dead letters: the table alone
CREATE TABLE e (id INT) WITH ('connector' = 'filesystem', 'path' = '/tmp/x', 'format' = 'json', 'dead-letter.table' = 'letters');
SELECT id FROM e;
-- case: dead letters: of a format that ignores errors
SELECT id FROM events /*+ OPTIONS('json.ignore-parse-errors' = 'true') */;
-- case: dead letters: of parquet
CREATE TABLE e (id INT) WITH ('connector' = 'filesystem', 'path' = '/tmp/x', 'format' = 'parquet', 'on-error' = 'dead-letter', 'dead-letter.table' = 'letters');
SELECT id FROM e;
-- case: on-error: another word
SELECT id FROM events /*+ OPTIONS('on-error' = 'ignore') */;
-- case: on-error: where nothing is decoded
CREATE TABLE e (id INT) WITH ('connector' = 'datagen', 'on-error' = 'skip');
SELECT id FROM e;
-- case: metadata: a name that is not there
CREATE TABLE e (id INT, epoch INT METADATA FROM 'leader_epoch') WITH ('connector' = 'kafka', 'topic' = 't', 'properties.bootstrap.servers' = 'x', 'format' = 'json', 'scan.startup.mode' = 'earliest-offset');
SELECT * FROM e;
-- case: metadata: a type that it cannot be cast to
CREATE TABLE e (id INT, headers INT METADATA) WITH ('connector' = 'kafka', 'topic' = 't', 'properties.bootstrap.servers' = 'x', 'format' = 'json', 'scan.startup.mode' = 'earliest-offset');
SELECT * FROM e;
-- case: metadata: written, but can only be read
CREATE TABLE e (id INT, `offset` BIGINT METADATA) WITH ('connector' = 'kafka', 'topic' = 't', 'properties.bootstrap.servers' = 'x', 'format' = 'json');
INSERT INTO e SELECT id, 1 FROM events;
-- case: metadata: written from a type that cannot be cast
CREATE TABLE e (id INT, `timestamp` ARRAY<INT> METADATA) WITH ('connector' = 'kafka', 'topic' = 't', 'properties.bootstrap.servers' = 'x', 'format' = 'json');
INSERT INTO e SELECT id, ARRAY[1] FROM events;
-- case: sink: exactly once
CREATE TABLE e (id INT) WITH ('connector' = 'kafka', 'topic' = 't', 'properties.bootstrap.servers' = 'x', 'format' = 'json', 'sink.delivery-guarantee' = 'exactly-once', 'sink.transactional-id-prefix' = 'p');
INSERT INTO e SELECT id FROM events;
-- case: sink: updates into a format of new rows
CREATE TABLE e (id INT, name STRING) WITH ('connector' = 'kafka', 'topic' = 't', 'properties.bootstrap.servers' = 'x', 'format' = 'json');
INSERT INTO e SELECT id, name FROM people;
-- case: upsert: a query
SELECT * FROM people;
-- case: upsert: a condition on a value
INSERT INTO by_id SELECT name, id FROM people WHERE name LIKE 'a%';
-- case: upsert: another key
INSERT INTO by_name SELECT id, name FROM people;
-- case: upsert: a computed key
INSERT INTO by_id SELECT name, id + 1 FROM people;
-- case: upsert: a table of whole changes
INSERT INTO plain SELECT id, name FROM people;
-- case: upsert: a union
INSERT INTO by_id SELECT name, id FROM people UNION ALL SELECT name, id FROM people;
-- case: upsert: unnest
INSERT INTO by_id SELECT tag, id FROM people CROSS JOIN UNNEST(tags) AS t (tag);
-- case: upsert: a limit
INSERT INTO by_id SELECT name, id FROM people LIMIT 5;
-- case: upsert: no key
CREATE TABLE e (id INT) WITH ('connector' = 'upsert-kafka', 'topic' = 't', 'properties.bootstrap.servers' = 'x', 'key.format' = 'json', 'value.format' = 'json');
SELECT * FROM e;
-- case: raw of two columns
CREATE TABLE e (a STRING, b STRING) WITH ('connector' = 'kafka', 'topic' = 't', 'properties.bootstrap.servers' = 'x', 'format' = 'raw', 'scan.startup.mode' = 'earliest-offset');
SELECT a FROM e;
