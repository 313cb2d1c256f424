-- case: column without a type
CREATE TABLE t (
  id INT,
  price
);
-- case: text type
CREATE TABLE t (a TEXT);
-- case: datetime type
CREATE TABLE t (a DATETIME);
-- case: int64 type
CREATE TABLE t (a INT64);
-- case: uuid type
CREATE TABLE t (a UUID);
-- case: jsonb type
CREATE TABLE t (a JSONB);
-- case: bool type
CREATE TABLE t (a BOOL);
-- case: misspelt type
CREATE TABLE t (a STIRNG);
-- case: unknown type
CREATE TABLE t (a foobar);
-- case: varchar max
CREATE TABLE t (a VARCHAR(max));
-- case: varchar of nothing
CREATE TABLE t (a VARCHAR(0));
-- case: decimal too precise
CREATE TABLE t (a DECIMAL(39, 2));
-- case: decimal scale
CREATE TABLE t (a DECIMAL(3, 4));
-- case: timestamp too precise
CREATE TABLE t (a TIMESTAMP(10));
-- case: time with a zone
CREATE TABLE t (a TIME WITH LOCAL TIME ZONE);
-- case: timestamp with a zone
CREATE TABLE t (a TIMESTAMP(3) WITH TIME ZONE);
-- case: array without a type
CREATE TABLE t (a ARRAY);
-- case: map of one type
CREATE TABLE t (a MAP<STRING>);
-- case: row without names
CREATE TABLE t (a ROW<INT, STRING>);
-- case: raw type
CREATE TABLE t (a RAW('x', 'y'));
-- case: key without NOT ENFORCED
CREATE TABLE t (id INT, PRIMARY KEY (id));
-- case: enforced key
CREATE TABLE t (id INT, PRIMARY KEY (id) ENFORCED);
-- case: key of a column without NOT ENFORCED
CREATE TABLE t (id INT PRIMARY KEY);
-- case: two watermarks
CREATE TABLE t (
  a TIMESTAMP(3),
  WATERMARK FOR a AS a,
  WATERMARK FOR a AS a
);
-- case: no columns
CREATE TABLE t ();
-- case: like with commas
CREATE TABLE t LIKE u (INCLUDING ALL, EXCLUDING OPTIONS);
-- case: like of nothing
CREATE TABLE t LIKE u (INCLUDING COLUMNS);
-- case: materialized without freshness
CREATE MATERIALIZED TABLE m AS SELECT 1;
-- case: view without a query
CREATE VIEW v;
-- case: create nothing
CREATE;
-- case: alter nothing
ALTER TABLE t;
-- case: cast to not null
SELECT CAST(a AS INT NOT NULL) FROM t;
