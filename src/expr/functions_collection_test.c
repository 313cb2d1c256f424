/* functions_collection_test.c: arrays, maps and rows. Most rows are what Flink 1.20 answers. */
#include "expr/test_call.h"

/* clang-format off */
static const struct test_row rows[] = {
    {"CARDINALITY(ARRAY[1,2])", "2"},
    {"CARDINALITY(MAP['a',1])", "1"},
    {"ARRAY[1,2][1]", "1"},
    {"ARRAY[1,2][CAST(NULL AS INT)]", "NULL"},
    {"MAP['a',1]['a']", "1"},
    {"ELEMENT(ARRAY[5])", "5"},
    {"ELEMENT(ARRAY[CAST(NULL AS INT)])", "NULL"},
    {"ELEMENT(ARRAY[1,2])", "!"},
    {"ARRAY[1, 2.5]", "[1.0, 2.5]"},
    {"MAP['a', 1, 'b', 2]", "{a=1, b=2}"},
    {"MAP['a', 1, 'a', 2]", "{a=2}"},
    {"ROW(1, 'a')", "(1, a)"},
    {"ARRAY_APPEND(ARRAY[1,2], 3)", "[1, 2, 3]"},
    {"ARRAY_APPEND(ARRAY[1,2], CAST(NULL AS INT))", "[1, 2, NULL]"},
    {"ARRAY_APPEND(CAST(NULL AS ARRAY<INT>), 3)", "NULL"},
    {"ARRAY_CONCAT(ARRAY[1,2], ARRAY[3])", "[1, 2, 3]"},
    {"ARRAY_CONCAT(ARRAY[1,2], CAST(NULL AS ARRAY<INT>))", "NULL"},
    {"ARRAY_CONCAT(ARRAY[1,2])", "[1, 2]"},
    {"ARRAY_CONTAINS(ARRAY[1,2], 2)", "true"},
    {"ARRAY_CONTAINS(ARRAY[1,2], 3)", "false"},
    {"ARRAY_CONTAINS(ARRAY[1,CAST(NULL AS INT)], CAST(NULL AS INT))", "true"},
    {"ARRAY_CONTAINS(ARRAY[1,2], CAST(NULL AS INT))", "false"},
    {"ARRAY_DISTINCT(ARRAY[1,2,2,CAST(NULL AS INT),CAST(NULL AS INT),1])", "[1, 2, NULL]"},
    {"ARRAY_EXCEPT(ARRAY[1,2,2,3], ARRAY[2])", "[1, 3]"},
    {"ARRAY_EXCEPT(ARRAY[1,2,2,3,3], ARRAY[2])", "[1, 3]"},
    {"ARRAY_INTERSECT(ARRAY[1,2,2,3], ARRAY[2,3,4])", "[2, 3]"},
    {"ARRAY_JOIN(ARRAY['a','b',CAST(NULL AS STRING)], ',')", "a,b"},
    {"ARRAY_JOIN(ARRAY['a','b',CAST(NULL AS STRING)], ',', CAST(NULL AS STRING))", "NULL"},
    {"ARRAY_JOIN(ARRAY[CAST(NULL AS STRING)], ',')", ""},
    {"ARRAY_MAX(ARRAY[1,3,CAST(NULL AS INT)])", "3"},
    {"ARRAY_MAX(ARRAY[CAST(NULL AS INT)])", "NULL"},
    {"ARRAY_MIN(ARRAY['b','a'])", "a"},
    {"ARRAY_POSITION(ARRAY[1,2,2], 2)", "2"},
    {"ARRAY_POSITION(ARRAY[1,2,2], 5)", "0"},
    {"ARRAY_POSITION(ARRAY[1,CAST(NULL AS INT)], CAST(NULL AS INT))", "NULL"},
    {"ARRAY_PREPEND(ARRAY[1,2], 3)", "[3, 1, 2]"},
    {"ARRAY_REMOVE(ARRAY[1,2,2,CAST(NULL AS INT)], 2)", "[1, NULL]"},
    {"ARRAY_REMOVE(ARRAY[1,2,2,CAST(NULL AS INT)], CAST(NULL AS INT))", "[1, 2, 2]"},
    {"ARRAY_REVERSE(ARRAY[1,2,CAST(NULL AS INT)])", "[NULL, 2, 1]"},
    {"ARRAY_SLICE(ARRAY['a','b','c','d','e'], 2, 3)", "[b, c]"},
    {"ARRAY_SLICE(ARRAY['a','b','c','d','e'], -3, -2)", "[c, d]"},
    {"ARRAY_SLICE(ARRAY['a','b','c','d','e'], 0, 2)", "[a, b]"},
    {"ARRAY_SLICE(ARRAY['a','b','c','d','e'], 3)", "[c, d, e]"},
    {"ARRAY_SLICE(ARRAY['a','b','c','d','e'], 4, 2)", "[]"},
    {"ARRAY_SLICE(ARRAY['a','b','c','d','e'], -9, 2)", "[a, b]"},
    {"ARRAY_SLICE(ARRAY['a','b','c','d','e'], 2, 99)", "[b, c, d, e]"},
    {"ARRAY_SLICE(ARRAY['a','b','c','d','e'], 9, 99)", "[]"},
    {"ARRAY_SLICE(ARRAY['a','b','c','d','e'], 1, 0)", "[a]"},
    {"ARRAY_SORT(ARRAY[3,1,CAST(NULL AS INT),2])", "[NULL, 1, 2, 3]"},
    {"ARRAY_SORT(ARRAY[3,1,CAST(NULL AS INT),2], FALSE)", "[3, 2, 1, NULL]"},
    {"ARRAY_SORT(ARRAY[3,1,CAST(NULL AS INT),2], TRUE, FALSE)", "[1, 2, 3, NULL]"},
    {"ARRAY_SORT(ARRAY[3,1,CAST(NULL AS INT),2], FALSE, TRUE)", "[NULL, 3, 2, 1]"},
    {"ARRAY_UNION(ARRAY[1,2,2], ARRAY[3,2,CAST(NULL AS INT)])", "[1, 2, 3, NULL]"},
    {"MAP_ENTRIES(MAP['a',1,'b',2])", "[(a, 1), (b, 2)]"},
    {"MAP_FROM_ARRAYS(ARRAY['a','b'], ARRAY[1,2])", "{a=1, b=2}"},
    {"MAP_FROM_ARRAYS(ARRAY['a','b'], ARRAY[1])", "!"},
    {"MAP_FROM_ARRAYS(ARRAY['a','a'], ARRAY[1,2])", "{a=2}"},
    {"MAP_KEYS(MAP['a',1,'b',2])", "[a, b]"},
    {"MAP_VALUES(MAP['a',1,'b',2])", "[1, 2]"},
    {"MAP_UNION(MAP['a',1,'b',2], MAP['b',3])", "{a=1, b=3}"},
    {"MAP_UNION(MAP['a',1,'b',2], CAST(NULL AS MAP<STRING,INT>))", "NULL"},
    {"ARRAY_CONTAINS(ARRAY['a'], 'a')", "true"},
    {"ARRAY_UNION(ARRAY[1], ARRAY[2.5])", "[1.0, 2.5]"},
    {"ARRAY_MAX(CAST(NULL AS ARRAY<INT>))", "NULL"},
    {"ARRAY_CONTAINS(ARRAY[1.0], 1)", "true"},
    {"MAP_FROM_ARRAYS(ARRAY['a', 'a'], ARRAY[1, 2])", "{a=2}"},
    {"MAP_KEYS(MAP['a', 1, 'b', 2])", "[a, b]"},
    {"MAP_VALUES(MAP['a', 1, 'b', 2])", "[1, 2]"},
    {"MAP_UNION(MAP['a', 1, 'b', 2], MAP['b', 3])", "{a=1, b=3}"},
    {"ARRAY[1, 2][3]", "NULL"},
    {"ARRAY[1, 2][CARDINALITY(ARRAY_EXCEPT(ARRAY[1], ARRAY[1]))]", "NULL"}, /* as 0 is, unless it is written */
    {"MAP['a', 1]['b']", "NULL"},
    {"CARDINALITY(1)", "!"},
    {"ARRAY_SORT(ARRAY['b', 'a'])", "[a, b]"},
    {"ARRAY_DISTINCT(ARRAY[ARRAY[1], ARRAY[1]])", "[[1]]"},
    {"MAP['a', 1, 'b']", "!one value is missing"},
};
/* clang-format on */

static void test_memory(UNUSED void **state)
{
    test_call_memory("ARRAY_UNION(ARRAY[1, 2], ARRAY[2, 3])", "[1, 2, 3]");
    test_call_memory("ARRAY_SORT(ARRAY[2, 1])", "[1, 2]");
    test_call_memory("MAP['a', 1]['a']", "1");
}

static void test_rows(UNUSED void **state)
{
    TEST_CALL_TABLE(rows);
}

TEST_MAIN(cmocka_unit_test(test_rows), cmocka_unit_test(test_memory))
