/* functions_string_like_test.c: LIKE, SIMILAR TO, and digests. Most rows are what Flink 1.20 answers. */
#include "expr/test_call.h"

/* clang-format off */
static const struct test_row rows[] = {
    {"{LIKE}('abc', 'a%')", "true"},
    {"{LIKE}('abc', 'a_c')", "true"},
    {"{LIKE}('abc', 'a_c', '\\')", "true"},
    {"{LIKE}('a_c', 'a\\_c', '\\')", "true"},
    {"{LIKE}('a%c', 'a\\%c', '\\')", "true"},
    {"{LIKE}('axc', 'a\\xc', '\\')", "!"},
    {"{LIKE}('abc', 'abc\\', '\\')", "!"},
    {"{LIKE}('a\\c', 'a\\c')", "true"},
    {"{LIKE}('a\\_c', 'a\\_c')", "true"},
    {"{LIKE}('😀', '_')", "true"},
    {"{LIKE}('😀', '__')", "false"},
    {"{LIKE}('abc', '')", "false"},
    {"{LIKE}('', '%')", "true"},
    {"{LIKE}('', '')", "true"},
    {"{LIKE}('abc', '%b%c%')", "true"},
    {"{LIKE}('abc', CAST(NULL AS STRING))", "NULL"},
    {"{LIKE}('abc', 'a%', 'xy')", "!"},
    {"{SIMILAR TO}('abc', 'a(b|x)c')", "true"},
    {"{SIMILAR TO}('abc', 'a%')", "true"},
    {"{SIMILAR TO}('abc', 'a_c')", "true"},
    {"{SIMILAR TO}('abc', '[a-c]+')", "true"},
    {"{SIMILAR TO}('abc', 'b')", "false"},
    {"{SIMILAR TO}('a.c', 'a.c')", "true"},
    {"{SIMILAR TO}('abc', 'a.c')", "true"},
    {"{SIMILAR TO}('a1', 'a[[:DIGIT:]]')", "true"},
    {"{SIMILAR TO}('a%', 'a\\%', '\\')", "true"},
    {"{SIMILAR TO}('ax', 'a\\%', '\\')", "false"},
    {"{SIMILAR TO}('ab', 'ab{1,2}')", "true"},
    {"{SIMILAR TO}('ab', 'a(b')", "!"},
    {"{SIMILAR TO}('a^', 'a^')", "false"},
    {"{SIMILAR TO}('b', '[^a]')", "true"},
    {"{SIMILAR TO}('$a', '$a')", "true"},
    {"{LIKE}('a\nc', 'a%')", "true"},
    {"{LIKE}('a\nc', 'a_c')", "false"},
    {"{LIKE}('abcabd', '%ab_')", "true"},
    {"{LIKE}('aaab', '%a%b')", "true"},
    {"{LIKE}('abc', '%%')", "true"},
    {"{LIKE}('a%b', 'a!%b', '!')", "true"},
    {"{NOT LIKE}('abc', 'a%')", "false"},
    {"{LIKE}('aébé', '%é_é')", "true"},
    {"{LIKE}('abc', '%c%b%')", "false"},
};
/* clang-format on */

/* clang-format off */
static const struct test_row digests[] = {
    {"MD5('abc')", "900150983cd24fb0d6963f7d28e17f72"},
    {"SHA1('abc')", "a9993e364706816aba3e25717850c26c9cd0d89d"},
    {"SHA224('abc')", "23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7"},
    {"SHA256('')", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
    {"SHA384('abc')", "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7"},
    {"SHA512('abc')", "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"},
    {"SHA2('abc', 256)", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
    {"SHA2('abc', 0)", "!"},
    {"SHA2('abc', 1)", "!"},
    {"SHA2(CAST(NULL AS STRING), 256)", "NULL"},
    {"SHA2('abc', CAST(NULL AS INT))", "NULL"},
};
/* clang-format on */

static void test_memory(UNUSED void **state)
{
    test_call_memory("{LIKE}('abc', 'a_%c')", "true");
    test_call_memory("{SIMILAR TO}('abc', 'a(b|c)*')", "true");
    test_call_memory("SHA256('')", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

static void test_rows(UNUSED void **state)
{
    TEST_CALL_TABLE(rows);
    TEST_CALL_TABLE(digests);
}

TEST_MAIN(cmocka_unit_test(test_rows), cmocka_unit_test(test_memory))
