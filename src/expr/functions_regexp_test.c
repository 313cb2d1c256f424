/* functions_regexp_test.c: regular expressions. Most rows are what Flink 1.20 answers. */
#include "expr/test_call.h"

/* clang-format off */
static const struct test_row rows[] = {
    {"STR_TO_MAP('a=1,b=2')", "{a=1, b=2}"},
    {"STR_TO_MAP('a=1,b')", "{a=1, b=NULL}"},
    {"STR_TO_MAP('')", "{}"},
    {"STR_TO_MAP('a:1;b:2', ';', ':')", "{a=1, b=2}"},
    {"STR_TO_MAP('a=1,a=2')", "{a=2}"},
    {"STR_TO_MAP('a=1,,b=2,')", "{a=1, =NULL, b=2}"},
    {"STR_TO_MAP('a.1|b.2', '\\|', '\\.')", "{a=1, b=2}"},
    {"STR_TO_MAP('a.1|b.2', '|', '.')", "{=}"},
    {"STR_TO_MAP('=1')", "{=1}"},
    {"REGEXP('abc', 'b')", "true"},
    {"REGEXP('abc', '')", "false"},
    {"REGEXP('abc', '(')", "false"},
    {"REGEXP(CAST(NULL AS STRING), 'b')", "NULL"},
    {"REGEXP_EXTRACT('foothebar', 'foo(.*?)(bar)', 2)", "bar"},
    {"REGEXP_EXTRACT('foothebar', 'foo(.*?)(bar)')", "foothebar"},
    {"REGEXP_EXTRACT('foothebar', 'foo(.*?)(bar)', 3)", "NULL"},
    {"REGEXP_EXTRACT('foothebar', '(')", "NULL"},
    {"REGEXP_EXTRACT('ab', '(x)?b', 1)", "NULL"},
    {"REGEXP_EXTRACT('ab', 'b', -1)", "NULL"},
    {"REGEXP_REPLACE('foobar', 'oo|ar', '')", "fb"},
    {"REGEXP_REPLACE('foobar', 'o', '$1')", "f$1$1bar"},
    {"REGEXP_REPLACE('foobar', '(', 'x')", "NULL"},
    {"REGEXP_REPLACE('añ😀', '', '-')", "-a-ñ-😀-"},
    {"REGEXP_COUNT('abcabc', 'bc')", "2"},
    {"REGEXP_COUNT('abc', '')", "4"},
    {"REGEXP_COUNT('abc', '(')", "NULL"},
    {"REGEXP_COUNT(CAST(NULL AS STRING), 'a')", "NULL"},
    {"REGEXP_EXTRACT_ALL('a1b22', '[a-z]([0-9]+)')", "[1, 22]"},
    {"REGEXP_EXTRACT_ALL('a1b22', '[a-z]([0-9]+)', 0)", "[a1, b22]"},
    {"REGEXP_EXTRACT_ALL('a1', '[0-9]')", "NULL"},
    {"REGEXP_EXTRACT_ALL('x', '(a)')", "[]"},
    {"REGEXP_EXTRACT_ALL('ab', '(x)?b')", "[NULL]"},
    {"REGEXP_INSTR('ñab', 'a')", "2"},
    {"REGEXP_INSTR('ab', 'x')", "0"},
    {"REGEXP_INSTR('ab', '(')", "NULL"},
    {"REGEXP_SUBSTR('a12', '[0-9]+')", "12"},
    {"REGEXP_SUBSTR('a', '[0-9]+')", "NULL"},
    {"REGEXP('aé', '\\p{L}+$')", "true"},
    {"REGEXP('é', '\\u00e9')", "true"},
    {"REGEXP('ab', '[a&&[b]]')", "!intersection"},
    {"REGEXP('a', '(?<=a+)b')", "!"},
    {"REGEXP('aB', '\\p{Upper}')", "true"},
    {"REGEXP('b', '[a[bc]]')", "true"},
    {"REGEXP('a', '(*ACCEPT)')", "false"},
    {"REGEXP('a{', 'a{')", "false"},
    {"REGEXP('a', '\\Ka')", "false"},
    {"REGEXP('a.b', '\\Q.\\E')", "true"},
};
/* clang-format on */

static void test_memory(UNUSED void **state)
{
    test_call_memory("REGEXP_REPLACE('abcabcabcabcabc', 'b', 'x')", "axcaxcaxcaxcaxc");
    test_call_memory("STR_TO_MAP('a=1,b=2')", "{a=1, b=2}");
}

static void test_rows(UNUSED void **state)
{
    TEST_CALL_TABLE(rows);
}

TEST_MAIN(cmocka_unit_test(test_rows), cmocka_unit_test(test_memory))
