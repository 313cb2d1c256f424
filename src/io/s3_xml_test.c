/* s3_xml_test.c: elements, entities and numbers, whole and broken. */
#include "io/s3_xml.h"
#include "base/test.h"

static void test_text(UNUSED void **state)
{
    static const struct {
        const char *xml, *want; /* NULL: none */
    } cases[] = {
        {"<Key>a</Key>", "a"},
        {"<?xml version=\"1.0\"?>\n<R xmlns=\"http://x/\"><Other>b</Other><Key>a</Key></R>", "a"},
        {"<Key></Key>", ""},
        {"<Key/>", ""},
        {"<Key />", ""},
        {"<Key a='b'>x</Key>", "x"},
        {"<KeyCount>2</KeyCount><Key>x</Key>", "x"},
        {"<Key>a &amp; b &lt;&gt;&quot;&apos;</Key>", "a & b <>\"'"},
        {"<Key>&#65;&#x42;&#xe9;&#8364;&#x1F600;</Key>", "ABé€😀"},
        {"<Key>a b\n</Key>", "a b\n"},
        {"", NULL},
        {"<Key", NULL},
        {"<Key>", NULL},
        {"<Key>a", NULL},
        {"<Key>a</Ke", NULL},
        {"<Key>a<b>c</b></Key>", NULL},
        {"<Key>&bogus;</Key>", NULL},
        {"<Key>&amp</Key>", NULL},
        {"<Key>&;</Key>", NULL},
        {"<Key>&</Key>", NULL},
        {"<Key>&#;</Key>", NULL},
        {"<Key>&#x;</Key>", NULL},
        {"<Key>&#0;</Key>", NULL},
        {"<Key>&#xD800;</Key>", NULL},
        {"<Key>&#x110000;</Key>", NULL},
        {"<Key>&#12a;</Key>", NULL},
        {"<Key>&#99999999999;</Key>", NULL},
        {"Key>a</Key>", NULL},
        {"<<<<>>>>", NULL},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct bytes out = {0};

        bytes_text(&out, "old");
        bool found = s3_xml_text(slice_text(cases[i].xml), "Key", &out);
        if (found != (cases[i].want != NULL) || (found && !slice_is(bytes_all(&out), cases[i].want)))
            fail_msg("%s: %s", cases[i].xml, found ? bytes_cstr(&out) : "none");
        bytes_fini(&out);
    }
}

static void test_next(UNUSED void **state)
{
    struct slice rest = SLICE("<R><C><K>1</K></C> <C/><C><K>2</K></C><C>open</R>"), content;

    assert_true(s3_xml_next(&rest, "C", &content) && slice_is(content, "<K>1</K>"));
    assert_true(s3_xml_next(&rest, "C", &content) && slice_is(content, ""));
    assert_true(s3_xml_next(&rest, "C", &content) && slice_is(content, "<K>2</K>"));
    assert_false(s3_xml_next(&rest, "C", &content));
    assert_false(s3_xml_next(&rest, "C", &content));
}

static void test_number(UNUSED void **state)
{
    static const struct {
        const char *xml;
        int64_t want;
    } cases[] = {
        {"<Size>0</Size>", 0},
        {"<Size>1234567890123</Size>", 1234567890123},
        {"<Size>9223372036854775807</Size>", INT64_MAX},
        {"<Size>9223372036854775808</Size>", -1},
        {"<Size>99999999999999999999999</Size>", -1},
        {"<Size>-1</Size>", -1},
        {"<Size> 1</Size>", -1},
        {"<Size></Size>", -1},
        {"<Size>1e3</Size>", -1},
        {"", -1},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        assert_int_equal(s3_xml_number(slice_text(cases[i].xml), "Size"), cases[i].want);
}

static void test_escape_and_back(UNUSED void **state)
{
    static const char text[] = "a<b>&\"c\"' é &amp;";
    struct bytes xml = {0}, back = {0};

    bytes_text(&xml, "<Key>");
    s3_xml_escape(&xml, slice_text(text));
    bytes_text(&xml, "</Key>");
    assert_true(s3_xml_text(bytes_all(&xml), "Key", &back));
    assert_string_equal(bytes_cstr(&back), text);
    bytes_fini(&xml);
    bytes_fini(&back);
}

TEST_MAIN(cmocka_unit_test(test_text), cmocka_unit_test(test_next), cmocka_unit_test(test_number),
          cmocka_unit_test(test_escape_and_back))
