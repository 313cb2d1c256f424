-- case: text in full
CREATE VIEW v (x, y) COMMENT 'two' AS
  SELECT p.a, b -- from plain
  FROM plain AS p
  WHERE a > 1;
SHOW CREATE VIEW v;
DESCRIBE v;
USE other;
DESCRIBE default_database.v;
-- case: names that WITH gives are no tables
CREATE VIEW v AS WITH plain AS (SELECT id FROM orders) SELECT id FROM plain;
SHOW CREATE VIEW v;
-- case: alter
ALTER VIEW cheap RENAME TO costly;
ALTER VIEW costly AS SELECT b FROM plain;
SHOW CREATE VIEW costly;
SHOW VIEWS;
CREATE VIEW IF NOT EXISTS costly AS SELECT a FROM plain;
DROP VIEW costly;
DROP VIEW IF EXISTS costly;
SHOW VIEWS;
