/* base64_test.c: the examples of RFC 4648, what is refused, and bytes there and back. */
#include "base/base64.h"
#include "base/hex.h"
#include "base/mem.h"
#include "base/test.h"

static void test_examples(UNUSED void **state)
{
    static const struct {
        const char *bytes, *text;
    } cases[] = {{"", ""},        {"f", "Zg=="},          {"fo", "Zm8="},
                 {"foo", "Zm9v"}, {"foobar", "Zm9vYmFy"}, {"\xfb\xff\xbf", "+/+/"}};

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct bytes out = {0}, back = {0};

        base64_encode(slice_text(cases[i].bytes), &out);
        assert_true(slice_is(bytes_all(&out), cases[i].text));
        assert_true(base64_decode(bytes_all(&out), &back));
        assert_true(slice_is(bytes_all(&back), cases[i].bytes));
        bytes_fini(&out);
        bytes_fini(&back);
    }
}

static void test_padding(UNUSED void **state)
{
    static const char *const good[] = {"Zg", "Zg==", "Zm8", "Zm8=", "Zm9v"};
    static const char *const bad[] = {
        "Z", "Zg=", "Zg==Zg==", "Z===", "====", "=", "Zg=g", "Z g=", "Zm9-", "Zm8==", "\xff\xff\xff\xff"};
    struct bytes out = {0};

    for (size_t i = 0; i < COUNT_OF(good); i++) {
        bytes_clear(&out);
        assert_true(base64_decode(slice_text(good[i]), &out));
        assert_memory_equal(out.ptr, "foo", out.len);
        assert_int_equal(out.len, 1 + i / 2);
    }
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        if (base64_decode(slice_text(bad[i]), &out))
            fail_msg("%s was read", bad[i]);
    assert_int_equal(out.len, 3); /* as it was */
    bytes_fini(&out);
}

static void test_all_bytes(UNUSED void **state)
{
    char bytes[256];

    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (char)(i * 37);
    for (size_t len = 0; len <= sizeof bytes; len++) {
        struct bytes text = {0}, back = {0};

        base64_encode(slice_of(bytes, len), &text);
        assert_int_equal(text.len, BASE64_TEXT(len));
        assert_true(base64_decode(bytes_all(&text), &back));
        assert_true(slice_equal(bytes_all(&back), slice_of(bytes, len)));
        bytes_fini(&text);
        bytes_fini(&back);
    }
}

static void test_no_memory(UNUSED void **state)
{
    struct bytes out = {0};

    mem_fail_at(1, true);
    base64_encode(SLICE("foo"), &out);
    assert_true(out.failed);
    bytes_clear(&out);
    assert_true(base64_decode(SLICE("Zm9v"), &out));
    assert_true(out.failed);
    mem_fail_at(0, false);
    bytes_fini(&out);
}

static void test_hex(UNUSED void **state)
{
    static const char digits[] = "0123456789abcdef";

    for (int c = -128; c < 256; c++) {
        const char *hit = c > 0 && c < 128 ? strchr(digits, c >= 'A' && c <= 'F' ? c | 0x20 : c) : NULL;

        assert_int_equal(hex_value(c), hit ? hit - digits : -1);
    }
}

TEST_MAIN(cmocka_unit_test(test_examples), cmocka_unit_test(test_padding), cmocka_unit_test(test_all_bytes),
          cmocka_unit_test(test_no_memory), cmocka_unit_test(test_hex))
