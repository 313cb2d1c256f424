-- case: types 2
CREATE TABLE t (a DOUBLE PRECISION);
-- case: types 4
CREATE TABLE t (a CHARACTER VARYING(3));
-- case: types 5
CREATE TABLE t (a CHAR VARYING (4));
-- case: types 6
CREATE TABLE t (a BINARY VARYING (5));
-- case: types 9
CREATE TABLE t (a TIMESTAMP(3) WITH LOCAL TIME ZONE);
-- case: types 10
CREATE TABLE t (a TIMESTAMP_LTZ(3));
-- case: types 11
CREATE TABLE t (a TIMESTAMP(2) WITHOUT TIME ZONE);
-- case: types 12
CREATE TABLE t (a TIME(3) WITHOUT TIME ZONE);
-- case: types 15
CREATE TABLE t (a INTERVAL DAY);
-- case: types 16
CREATE TABLE t (a INTERVAL DAY(3) TO SECOND(3));
-- case: types 17
CREATE TABLE t (a INTERVAL YEAR TO MONTH);
-- case: types 18
CREATE TABLE t (a INTERVAL SECOND(3,2));
-- case: types 27
CREATE TABLE t (a CHARACTER(3));
-- case: types 28
CREATE TABLE t (a ROW<>);
-- case: types 29
CREATE TABLE t (a ROW());
-- case: types 30
CREATE TABLE t (a ROW<x INT 'c1', y STRING NOT NULL>);
-- case: types 31
CREATE TABLE t (a ROW(x INT));
-- case: types 34
CREATE TABLE t (a INT NULL);
-- case: types 35
CREATE TABLE t (a MAP<STRING, INT NOT NULL> NOT NULL);
-- case: types 38
CREATE TABLE t (a ARRAY<INT>);
-- case: types 39
CREATE TABLE t (a INT ARRAY NOT NULL ARRAY);
-- case: types 40
CREATE TABLE t (a INT NOT NULL ARRAY);
-- case: types 41
CREATE TABLE t (a INT MULTISET);
-- case: types 42
CREATE TABLE t (a MULTISET<INT>);
-- case: types 47
CREATE TABLE t (a DEC);
-- case: types 48
CREATE TABLE t (a NUMERIC(3));
-- case: types 51
CREATE TABLE t (a BYTES);
-- case: types 52
CREATE TABLE t (a VARBINARY(3));
-- case: types 53
CREATE TABLE t (a BINARY);
-- case: types 55
CREATE TABLE t (a BOOLEAN);
-- case: types 56
CREATE TABLE t (a INTEGER);
-- case: types 58
CREATE TABLE t (a FLOAT);
-- case: types 59
CREATE TABLE t (a TINYINT);
-- case: types 60
CREATE TABLE t (a SMALLINT);
-- case: types 61
CREATE TABLE t (a BIGINT);
-- case: types 62
CREATE TABLE t (a DATE);
-- case: types 64
CREATE TABLE t (a CHAR(3) CHARACTER SET UTF16);
-- case: types 68
CREATE TABLE t (a VARCHAR (3));
