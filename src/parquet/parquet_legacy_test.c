/* parquet_legacy_test.c: files as older writers made them, built by hand: lists and maps of every shape that
 * LogicalTypes.md names, old annotations, the deprecated bit-packing; and footers that lie.
 */
#include "base/budget.h"
#include "base/test.h"
#include "parquet/memory_fs.h"
#include "parquet/parquet_format.h"
#include "parquet/parquet_reader.h"
#include "parquet/rle.h"
#include "parquet/thrift_compact.h"

struct element {
    const char *name;
    int repetition; /* REPETITION_*, -1: the root */
    int children;   /* 0: a leaf */
    int physical;
    int converted; /* CONVERTED_*, -1: none */
    int type_length;
};

/* One page of one leaf. Levels are digits: "0012"; "" when there are none. */
struct leaf {
    const char *rep, *def;
    int max_rep, max_def;
    struct slice values; /* PLAIN */
    int32_t count;       /* of values when there are no levels */
    bool bit_packed;
};

struct file {
    const struct element *elements;
    int element_count;
    const struct leaf *leaves;
    int leaf_count;
    int64_t rows;
};

#define G (-1) /* no physical type: a group */
#define L4                                                                                                   \
    "\x01\0\0\0"                                                                                             \
    "\x02\0\0\0"                                                                                             \
    "\x03\0\0\0"                                                                                             \
    "\x04\0\0\0"

/* The highest bit first, as nobody writes it any more. */
static void pack_high_first(struct pbuf *out, const char *digits, int width)
{
    size_t count = strlen(digits), bytes = (count * (size_t)width + 7) / 8;
    char *to = pbuf_reserve(out, bytes);
    size_t bit = 0;

    assert_non_null(to);
    memset(to, 0, bytes);
    for (size_t i = 0; i < count; i++)
        for (int k = width - 1; k >= 0; k--, bit++)
            to[bit / 8] = (char)(to[bit / 8] | ((digits[i] - '0') >> k & 1) << (7 - bit % 8));
    out->len += bytes;
}

static void add_levels(struct pbuf *out, const char *digits, int max, bool bit_packed)
{
    uint32_t levels[64], len;
    size_t count = strlen(digits), at = out->len;

    if (max == 0)
        return;
    if (bit_packed) {
        pack_high_first(out, digits, parquet_bits((uint32_t)max));
        return;
    }
    for (size_t i = 0; i < count; i++)
        levels[i] = (uint32_t)(digits[i] - '0');
    pbuf_le32(out, 0);
    rle_encode(out, levels, count, parquet_bits((uint32_t)max));
    len = (uint32_t)(out->len - at - 4);
    memcpy(out->ptr + at, &len, 4);
}

static void write_elements(const struct file *f, struct thrift_writer *t)
{
    thrift_put_list(t, 2, THRIFT_STRUCT, (size_t)f->element_count);
    for (int i = 0; i < f->element_count; i++) {
        const struct element *m = &f->elements[i];

        thrift_begin(t);
        if (m->children == 0)
            thrift_put_i32(t, 1, m->physical);
        if (m->type_length)
            thrift_put_i32(t, 2, m->type_length);
        if (m->repetition >= 0)
            thrift_put_i32(t, 3, m->repetition);
        thrift_put_binary(t, 4, slice_text(m->name));
        if (m->children)
            thrift_put_i32(t, 5, m->children);
        if (m->converted >= 0)
            thrift_put_i32(t, 6, m->converted);
        thrift_end(t);
    }
}

static void write_page(const struct leaf *leaf, struct bytes *out, int32_t *slots)
{
    struct thrift_writer t = {.out = out};
    struct pbuf body;
    int levels = leaf->bit_packed ? ENCODING_BIT_PACKED : ENCODING_RLE;

    pbuf_init(&body, NULL);
    add_levels(&body, leaf->rep, leaf->max_rep, leaf->bit_packed);
    add_levels(&body, leaf->def, leaf->max_def, leaf->bit_packed);
    pbuf_append(&body, leaf->values.ptr, leaf->values.len);
    *slots = leaf->max_def ? (int32_t)strlen(leaf->def) : leaf->count;
    thrift_begin(&t);
    thrift_put_i32(&t, 1, PAGE_DATA);
    thrift_put_i32(&t, 2, (int32_t)body.len);
    thrift_put_i32(&t, 3, (int32_t)body.len);
    thrift_put_struct(&t, 5);
    thrift_put_i32(&t, 1, *slots);
    thrift_put_i32(&t, 2, ENCODING_PLAIN);
    thrift_put_i32(&t, 3, levels);
    thrift_put_i32(&t, 4, levels);
    thrift_end(&t);
    thrift_end(&t);
    bytes_append(out, body.ptr, body.len);
    pbuf_fini(&body);
}

static int leaf_physical(const struct file *f, int nth)
{
    for (int i = 0; i < f->element_count; i++)
        if (f->elements[i].children == 0 && nth-- == 0)
            return f->elements[i].physical;
    return -1;
}

static void build(const struct file *f, struct bytes *out)
{
    int64_t start[8], end[8];
    int32_t slots[8];
    size_t footer;
    struct thrift_writer t = {.out = out};

    bytes_text(out, PARQUET_MAGIC);
    for (int i = 0; i < f->leaf_count; i++) {
        start[i] = (int64_t)out->len;
        write_page(&f->leaves[i], out, &slots[i]);
        end[i] = (int64_t)out->len;
    }
    footer = out->len;
    thrift_begin(&t);
    thrift_put_i32(&t, 1, 1);
    write_elements(f, &t);
    thrift_put_i64(&t, 3, f->rows);
    thrift_put_list(&t, 4, THRIFT_STRUCT, 1);
    thrift_begin(&t);
    thrift_put_list(&t, 1, THRIFT_STRUCT, (size_t)f->leaf_count);
    for (int i = 0; i < f->leaf_count; i++) {
        thrift_begin(&t);
        thrift_put_i64(&t, 2, start[i]);
        thrift_put_struct(&t, 3);
        thrift_put_i32(&t, 1, leaf_physical(f, i));
        thrift_put_i32(&t, 4, COMPRESSION_NONE);
        thrift_put_i64(&t, 5, slots[i]);
        thrift_put_i64(&t, 6, end[i] - start[i]);
        thrift_put_i64(&t, 7, end[i] - start[i]);
        thrift_put_i64(&t, 9, start[i]);
        thrift_end(&t);
        thrift_end(&t);
    }
    thrift_put_i64(&t, 2, 0);
    thrift_put_i64(&t, 3, f->rows);
    thrift_end(&t);
    thrift_end(&t);
    bytes_le32(out, (uint32_t)(out->len - footer));
    bytes_text(out, PARQUET_MAGIC);
    assert_false(out->failed);
}

/* The schema in SQL and the rows, or the error. */
static enum err read_text(const struct file *f, struct bytes *types, struct bytes *rows, struct error *e)
{
    struct memory_fs fs;
    struct parquet_reader *r = NULL;
    struct batch *b;
    enum err rc;

    memory_fs_init(&fs);
    build(f, &fs.content);
    if ((rc = parquet_reader_open(&fs.fs, "old", NULL, &r, e)) != OK)
        goto out;
    for (int32_t i = 0; i < parquet_reader_schema(r)->field_count; i++) {
        bytes_printf(types, "%s ", parquet_reader_schema(r)->fields[i].name);
        type_print(parquet_reader_schema(r)->fields[i].type, types);
    }
    if ((rc = parquet_reader_group(r, 0, NULL, 0, NULL, &b, e)) != OK)
        goto out;
    rc = batch_check(b, e);
    batch_print(b, rows);
    batch_unref(b);
out:
    parquet_reader_free(r);
    memory_fs_fini(&fs);
    return rc;
}

#define ROOT(n)                                                                                              \
    {                                                                                                        \
        "root", -1, n, G, -1, 0                                                                              \
    }
#define OPT_LIST(n)                                                                                          \
    {                                                                                                        \
        "l", REPETITION_OPTIONAL, n, G, CONVERTED_LIST, 0                                                    \
    }
#define INT(name, repetition)                                                                                \
    {                                                                                                        \
        name, repetition, 0, PHYSICAL_INT32, -1, 0                                                           \
    }

static void test_shapes(UNUSED void **state)
{
    static const struct element rule1[] = {ROOT(1), OPT_LIST(1), INT("element", REPETITION_REPEATED)};
    static const struct element rule2[] = {ROOT(1),
                                           OPT_LIST(1),
                                           {"element", REPETITION_REPEATED, 2, G, -1, 0},
                                           INT("a", REPETITION_REQUIRED),
                                           INT("b", REPETITION_OPTIONAL)};
    static const struct element rule3[] = {ROOT(1),
                                           OPT_LIST(1),
                                           {"array", REPETITION_REPEATED, 1, G, CONVERTED_LIST, 0},
                                           INT("array", REPETITION_REPEATED)};
    static const struct element rule4[] = {
        ROOT(1), OPT_LIST(1), {"l_tuple", REPETITION_REPEATED, 1, G, -1, 0}, INT("x", REPETITION_REQUIRED)};
    static const struct element rule4_array[] = {
        ROOT(1), OPT_LIST(1), {"array", REPETITION_REPEATED, 1, G, -1, 0}, INT("x", REPETITION_REQUIRED)};
    static const struct element rule5[] = {ROOT(1),
                                           OPT_LIST(1),
                                           {"bag", REPETITION_REPEATED, 1, G, -1, 0},
                                           INT("array_element", REPETITION_OPTIONAL)};
    static const struct element bare[] = {ROOT(1), INT("n", REPETITION_REPEATED)};
    static const struct element bare_group[] = {
        ROOT(1), {"g", REPETITION_REPEATED, 1, G, -1, 0}, INT("x", REPETITION_OPTIONAL)};
    static const struct element old_map[] = {ROOT(1),
                                             {"m", REPETITION_OPTIONAL, 1, G, CONVERTED_MAP_KEY_VALUE, 0},
                                             {"map", REPETITION_REPEATED, 2, G, -1, 0},
                                             INT("k", REPETITION_REQUIRED),
                                             INT("v", REPETITION_OPTIONAL)};
    static const struct element nested_kv[] = {ROOT(1),
                                               {"m", REPETITION_REQUIRED, 1, G, CONVERTED_MAP, 0},
                                               {"map", REPETITION_REPEATED, 2, G, CONVERTED_MAP_KEY_VALUE, 0},
                                               INT("key", REPETITION_REQUIRED),
                                               INT("value", REPETITION_REQUIRED)};
    static const struct element set[] = {ROOT(1),
                                         {"m", REPETITION_OPTIONAL, 1, G, CONVERTED_MAP, 0},
                                         {"key_value", REPETITION_REPEATED, 1, G, -1, 0},
                                         INT("key", REPETITION_REQUIRED)};
    static const struct element not_a_list[] = {ROOT(1), OPT_LIST(1), INT("x", REPETITION_OPTIONAL)};
    static const struct leaf two_levels[] = {{"0100", "2201", 1, 2,
                                              SLICE("\x01\0\0\0"
                                                    "\x02\0\0\0"),
                                              0, false}};
    static const struct leaf packed[] = {{"0100", "2201", 1, 2,
                                          SLICE("\x01\0\0\0"
                                                "\x02\0\0\0"),
                                          0, true}};
    static const struct leaf pairs[] = {{"0100", "2201", 1, 2,
                                         SLICE("\x01\0\0\0"
                                               "\x02\0\0\0"),
                                         0, false},
                                        {"0100", "3201", 1, 3, SLICE("\x07\0\0\0"), 0, false}};
    static const struct leaf twice[] = {{"0210", "3331", 2, 3,
                                         SLICE("\x01\0\0\0"
                                               "\x02\0\0\0"
                                               "\x03\0\0\0"),
                                         0, false}};
    static const struct leaf optional[] = {{"0100", "3201", 1, 3, SLICE("\x01\0\0\0"), 0, false}};
    static const struct leaf repeated[] = {{"0100", "1101", 1, 1,
                                            SLICE("\x01\0\0\0"
                                                  "\x02\0\0\0"
                                                  "\x03\0\0\0"),
                                            0, false}};
    static const struct leaf repeated_optional[] = {{"0100", "2101", 1, 2, SLICE("\x01\0\0\0"), 0, false}};
    static const struct leaf required_pairs[] = {{"0100", "1101", 1, 1,
                                                  SLICE("\x01\0\0\0"
                                                        "\x02\0\0\0"
                                                        "\x03\0\0\0"),
                                                  0, false},
                                                 {"0100", "1101", 1, 1,
                                                  SLICE("\x04\0\0\0"
                                                        "\x05\0\0\0"
                                                        "\x06\0\0\0"),
                                                  0, false}};
    static const struct leaf optional_struct[] = {{"", "210", 0, 2, SLICE("\x01\0\0\0"), 0, false}};
    static const struct {
        const char *name;
        struct file file;
        const char *types, *rows;
    } cases[] = {
#define FILE(elements, leaves, rows) {elements, COUNT_OF(elements), leaves, COUNT_OF(leaves), rows}
        {"rule 1", FILE(rule1, two_levels, 3), "l ARRAY<INT NOT NULL>", "+I([1, 2])\n+I(NULL)\n+I([])\n"},
        {"rule 1, bit-packed", FILE(rule1, packed, 3), "l ARRAY<INT NOT NULL>",
         "+I([1, 2])\n+I(NULL)\n+I([])\n"},
        {"rule 2", FILE(rule2, pairs, 3), "l ARRAY<ROW<`a` INT NOT NULL, `b` INT> NOT NULL>",
         "+I([(1, 7), (2, NULL)])\n+I(NULL)\n+I([])\n"},
        {"rule 3", FILE(rule3, twice, 2), "l ARRAY<ARRAY<INT NOT NULL> NOT NULL>",
         "+I([[1, 2], [3]])\n+I([])\n"},
        {"rule 4", FILE(rule4, two_levels, 3), "l ARRAY<ROW<`x` INT NOT NULL> NOT NULL>",
         "+I([(1), (2)])\n+I(NULL)\n+I([])\n"},
        {"rule 4, array", FILE(rule4_array, two_levels, 3), "l ARRAY<ROW<`x` INT NOT NULL> NOT NULL>",
         "+I([(1), (2)])\n+I(NULL)\n+I([])\n"},
        {"rule 5", FILE(rule5, optional, 3), "l ARRAY<INT>", "+I([1, NULL])\n+I(NULL)\n+I([])\n"},
        {"unannotated", FILE(bare, repeated, 3), "n ARRAY<INT NOT NULL> NOT NULL",
         "+I([1, 2])\n+I([])\n+I([3])\n"},
        {"unannotated group", FILE(bare_group, repeated_optional, 3),
         "g ARRAY<ROW<`x` INT> NOT NULL> NOT NULL", "+I([(1), (NULL)])\n+I([])\n+I([(NULL)])\n"},
        {"MAP_KEY_VALUE", FILE(old_map, pairs, 3), "m MAP<INT NOT NULL, INT>",
         "+I({1=7, 2=NULL})\n+I(NULL)\n+I({})\n"},
        {"MAP with MAP_KEY_VALUE", FILE(nested_kv, required_pairs, 3),
         "m MAP<INT NOT NULL, INT NOT NULL> NOT NULL", "+I({1=4, 2=5})\n+I({})\n+I({3=6})\n"},
        {"a map of keys only", FILE(set, two_levels, 3), "m ARRAY<INT NOT NULL>",
         "+I([1, 2])\n+I(NULL)\n+I([])\n"},
        {"LIST on no list", FILE(not_a_list, optional_struct, 3), "l ROW<`x` INT>",
         "+I((1))\n+I((NULL))\n+I(NULL)\n"},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct bytes types = {0}, rows = {0};
        struct error e;

        if (read_text(&cases[i].file, &types, &rows, &e) != OK)
            fail_msg("%s: %s", cases[i].name, e.text);
        assert_string_equal(bytes_cstr(&types), cases[i].types);
        if (strcmp(bytes_cstr(&rows), cases[i].rows) != 0)
            fail_msg("%s: got %s", cases[i].name, bytes_cstr(&rows));
        bytes_fini(&types);
        bytes_fini(&rows);
    }
}

static void test_old_annotations(UNUSED void **state)
{
    static const struct {
        struct element element;
        struct slice values;
        int32_t count;
        const char *types, *rows;
    } cases[] = {
        {{"a", 0, 0, PHYSICAL_INT32, CONVERTED_DATE, 0},
         SLICE("\x01\0\0\0"),
         1,
         "a DATE NOT NULL",
         "+I(1970-01-02)\n"},
        {{"a", 0, 0, PHYSICAL_INT64, CONVERTED_TIMESTAMP_MILLIS, 0},
         SLICE("\xe8\x03\0\0\0\0\0\0"),
         1,
         "a TIMESTAMP_LTZ(3) NOT NULL",
         "+I(1970-01-01T00:00:01Z)\n"},
        {{"a", 0, 0, PHYSICAL_INT32, CONVERTED_TIME_MILLIS, 0},
         SLICE("\x05\0\0\0"),
         1,
         "a TIME(3) NOT NULL",
         "+I(5000)\n"},
        {{"a", 0, 0, PHYSICAL_INT32, CONVERTED_UINT_8, 0},
         SLICE("\xff\0\0\0"),
         1,
         "a INT NOT NULL",
         "+I(255)\n"},
        {{"a", 0, 0, PHYSICAL_INT32, CONVERTED_UINT_32, 0},
         SLICE("\xff\xff\xff\xff"),
         1,
         "a BIGINT NOT NULL",
         "+I(4294967295)\n"},
        {{"a", 0, 0, PHYSICAL_INT64, CONVERTED_UINT_64, 0},
         SLICE("\xff\xff\xff\xff\xff\xff\xff\xff"),
         1,
         "a DECIMAL(20, 0) NOT NULL",
         "+I(18446744073709551615)\n"},
        {{"a", 0, 0, PHYSICAL_INT32, CONVERTED_INT_8, 0},
         SLICE("\x80\xff\xff\xff"),
         1,
         "a TINYINT NOT NULL",
         "+I(-128)\n"},
        {{"a", 0, 0, PHYSICAL_INT32, CONVERTED_INT_8, 0}, SLICE("\x80\0\0\0"), 1, NULL, "out of the range"},
        {{"a", 0, 0, PHYSICAL_BYTES, CONVERTED_ENUM, 0},
         SLICE("\x02\0\0\0on"),
         1,
         "a STRING NOT NULL",
         "+I(on)\n"},
        {{"a", 0, 0, PHYSICAL_BYTES, CONVERTED_BSON, 0},
         SLICE("\x02\0\0\0on"),
         1,
         "a BYTES NOT NULL",
         "+I(x'6f6e')\n"},
        {{"a", 0, 0, PHYSICAL_BYTES, CONVERTED_DATE, 0},
         SLICE("\x02\0\0\0on"),
         1,
         "a BYTES NOT NULL",
         "+I(x'6f6e')\n"},
        {{"a", 0, 0, PHYSICAL_FIXED, CONVERTED_INTERVAL, 12},
         SLICE("123456789012"),
         1,
         "a BINARY(12) NOT NULL",
         "+I(x'313233343536373839303132')\n"},
        {{"a", 0, 0, PHYSICAL_INT96, -1, 0},
         SLICE("\xe8\x03\0\0\0\0\0\0\x8c\x3d\x25\0"),
         1,
         "a TIMESTAMP(6) NOT NULL",
         "+I(1970-01-01T00:00:00.000001)\n"},
        {{"a", 0, 0, PHYSICAL_INT96, -1, 0},
         SLICE("\0\0\0\0\0\0\0\0\xff\xff\xff\x7f"),
         1,
         NULL,
         "out of the range"},
        {{"a", 0, 0, PHYSICAL_BOOLEAN, -1, 0},
         SLICE("\x05"),
         3,
         "a BOOLEAN NOT NULL",
         "+I(true)\n+I(false)\n+I(true)\n"},
        {{"a", 0, 0, PHYSICAL_FIXED, -1, 0}, SLICE(""), 1, NULL, "values of 0 bytes"},
        {{"a", 0, 0, 99, -1, 0}, SLICE(""), 1, NULL, "unknown physical type 99"},
        {{"a", 7, 0, PHYSICAL_INT32, -1, 0}, SLICE(L4), 4, NULL, "unknown repetition 7"},
        {{"a", 0, 0, PHYSICAL_INT32, -1, 0},
         SLICE("\x01\0\0"),
         1,
         NULL,
         "column a: page 0: it ends before its last value"},
        {{"a", 0, 0, PHYSICAL_BYTES, -1, 0},
         SLICE("\xff\xff\xff\xff"),
         1,
         NULL,
         "ends before its last value"},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct element elements[] = {ROOT(1), cases[i].element};
        struct leaf leaf = {"", "", 0, 0, cases[i].values, cases[i].count, false};
        struct file file = {elements, 2, &leaf, 1, cases[i].count};
        struct bytes types = {0}, rows = {0};
        struct error e;
        enum err rc = read_text(&file, &types, &rows, &e);

        if (cases[i].types == NULL) {
            if (rc == OK || strstr(e.text, cases[i].rows) == NULL)
                fail_msg("case %zu: %s", i, rc ? e.text : bytes_cstr(&rows));
        } else {
            if (rc != OK)
                fail_msg("case %zu: %s", i, e.text);
            assert_string_equal(bytes_cstr(&types), cases[i].types);
            assert_string_equal(bytes_cstr(&rows), cases[i].rows);
        }
        bytes_fini(&types);
        bytes_fini(&rows);
    }
}

/* Levels that contradict each other, the schema, or the number of rows. */
static void test_bad_levels(UNUSED void **state)
{
    static const struct element list[] = {ROOT(1),
                                          OPT_LIST(1),
                                          {"list", REPETITION_REPEATED, 1, G, -1, 0},
                                          INT("element", REPETITION_REQUIRED)};
    static const struct element two[] = {ROOT(1),
                                         OPT_LIST(1),
                                         {"list", REPETITION_REPEATED, 2, G, -1, 0},
                                         INT("a", REPETITION_REQUIRED),
                                         INT("b", REPETITION_REQUIRED)};
    static const struct element no_end[] = {ROOT(1), OPT_LIST(2), INT("a", REPETITION_REQUIRED)};
    static const struct element too_many[] = {ROOT(1), INT("a", REPETITION_REQUIRED),
                                              INT("b", REPETITION_REQUIRED)};
    static const struct element empty_group[] = {
        ROOT(2), {"g", REPETITION_REQUIRED, -1, G, -1, 0}, INT("b", REPETITION_REQUIRED)};
    static const struct {
        const char *name;
        const struct element *elements;
        int element_count;
        struct leaf leaves[2];
        int leaf_count;
        int64_t rows;
        const char *want;
    } cases[] = {
        {"begins within a row",
         list,
         4,
         {{"10", "22", 1, 2, SLICE("\1\0\0\0\2\0\0\0"), 0, false}},
         1,
         1,
         "begins in the middle"},
        {"goes on after NULL",
         list,
         4,
         {{"01", "02", 1, 2, SLICE("\1\0\0\0"), 0, false}},
         1,
         1,
         "without an element"},
        {"goes on with NULL",
         list,
         4,
         {{"01", "20", 1, 2, SLICE("\1\0\0\0"), 0, false}},
         1,
         1,
         "without an element"},
        {"too few rows", list, 4, {{"00", "22", 1, 2, SLICE("\1\0\0\0\2\0\0\0"), 0, false}}, 1, 3, "rows"},
        {"too many rows", list, 4, {{"00", "22", 1, 2, SLICE("\1\0\0\0\2\0\0\0"), 0, false}}, 1, 1, "rows"},
        {"a level too high", list, 4, {{"00", "32", 1, 2, SLICE(L4), 0, false}}, 1, 2, "beyond the schema's"},
        {"leaves disagree",
         two,
         5,
         {{"01", "22", 1, 2, SLICE("\1\0\0\0\2\0\0\0"), 0, false},
          {"00", "22", 1, 2, SLICE("\1\0\0\0\2\0\0\0"), 0, false}},
         2,
         1,
         "does not have the shape"},
        {"a group without end",
         no_end,
         3,
         {{"", "", 0, 0, SLICE(L4), 4, false}},
         1,
         4,
         "in the middle of a group"},
        {"elements left over",
         too_many,
         3,
         {{"", "", 0, 0, SLICE(L4), 4, false}, {"", "", 0, 0, SLICE(L4), 4, false}},
         2,
         4,
         "elements more"},
        {"a group of no fields",
         empty_group,
         3,
         {{"", "", 0, 0, SLICE(L4), 4, false}},
         1,
         4,
         "without fields"},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct file file = {cases[i].elements, cases[i].element_count, cases[i].leaves, cases[i].leaf_count,
                            cases[i].rows};
        struct bytes types = {0}, rows = {0};
        struct error e;

        if (read_text(&file, &types, &rows, &e) == OK)
            fail_msg("%s was read: %s", cases[i].name, bytes_cstr(&rows));
        if (strstr(e.text, cases[i].want) == NULL)
            fail_msg("%s: %s", cases[i].name, e.text);
        bytes_fini(&types);
        bytes_fini(&rows);
    }
}

TEST_MAIN(cmocka_unit_test(test_shapes), cmocka_unit_test(test_old_annotations),
          cmocka_unit_test(test_bad_levels))
