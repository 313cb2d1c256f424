/* parser_test.c: what the tree says, how failures go, and the limits. What is accepted and refused as text
 * is tested by files in parser_errors_test.c.
 */
#include "sql/parser.h"
#include "base/mem.h"
#include "base/test.h"
#include <stdlib.h>

static struct arena arena;

static const struct ast_statement *parse(const char *text)
{
    struct sql_source source = {NULL, slice_text(text)};
    const struct ast_statement *s = NULL;
    struct sql_error error;
    size_t offset = 0;

    if (sql_parse(&arena, &source, &offset, &s, &error) != OK)
        fail_msg("%s: %s", text, error.message);
    return s;
}

static const struct ast_expr *expr(const char *text)
{
    struct sql_source source = {NULL, slice_text(text)};
    const struct ast_expr *x = NULL;
    struct sql_error error;

    if (sql_parse_expr(&arena, &source, &x, &error) != OK)
        fail_msg("%s: %s", text, error.message);
    return x;
}

static void test_literals(UNUSED void **state)
{
    static const struct {
        const char *text;
        enum ast_literal_kind kind;
        int64_t value;
        int32_t nanos, precision;
    } cases[] = {
        {"42", AST_INTEGER, 42, 0, 0},
        {"9223372036854775807", AST_INTEGER, INT64_MAX, 0, 0},
        {"TRUE", AST_BOOLEAN, 1, 0, 0},
        {"DATE '1970-01-02'", AST_DATE, 1, 0, 0},
        {"DATE '1969-12-31'", AST_DATE, -1, 0, 0},
        {"TIME '01:00:00.000001002'", AST_TIME, 3600000001, 2, 9},
        {"TIMESTAMP '1970-01-01 00:00:01.5'", AST_TIMESTAMP, 1500000, 0, 1},
        {"TIMESTAMP '1970-01-02'", AST_TIMESTAMP, INT64_C(86400000000), 0, 0},
        {"INTERVAL '1' DAY", AST_INTERVAL, 86400000, 0, 0},
        {"INTERVAL -'1' HOUR", AST_INTERVAL, -3600000, 0, 0},
        {"INTERVAL '-1' HOUR", AST_INTERVAL, -3600000, 0, 0},
        {"INTERVAL '1 02:03:04.567' DAY TO SECOND", AST_INTERVAL, 93784567, 0, 0},
        {"INTERVAL '1-2' YEAR TO MONTH", AST_INTERVAL, 14, 0, 0},
        {"INTERVAL '0.0019' SECOND", AST_INTERVAL, 1, 0, 0},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const struct ast_expr *x = expr(cases[i].text);

        if (x->kind != AST_LITERAL || x->literal.kind != cases[i].kind ||
            x->literal.value != cases[i].value || x->literal.nanos != cases[i].nanos ||
            x->literal.precision != cases[i].precision)
            fail_msg("%s: value %" PRId64 ", nanos %" PRId32, cases[i].text, x->literal.value,
                     x->literal.nanos);
    }
    assert_true(expr("9223372036854775808")->literal.large);
    arena_fini(&arena);
}

static void test_texts(UNUSED void **state)
{
    static const struct {
        const char *text, *value;
    } cases[] = {
        {"'it''s'", "it's"},
        {"''", ""},
        {"U&'\\00e9\\D83D\\DE00\\\\'", "\xc3\xa9\xf0\x9f\x98\x80\\"},
        {"U&'!0041' UESCAPE '!'", "A"},
        {"_UTF8'x'", "x"},
        {"'a'\n'b'", "ab"},
        {"X'414243'", "ABC"},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const struct ast_expr *x = expr(cases[i].text);

        if (!slice_is(x->literal.text, cases[i].value))
            fail_msg("%s: " SLICE_FMT, cases[i].text, SLICE_ARG(x->literal.text));
    }
    arena_fini(&arena);
}

static void test_places(UNUSED void **state)
{
    const char *text = "-- \xc3\xa9\n  CREATE VIEW v AS\n  SELECT '\xc3\xa9', a + b FROM t ORDER BY a;";
    const struct ast_statement *s = parse(text);
    const struct ast_query *q = s->view.query;
    const struct ast_expr *sum = q->select.items[1].expr;

    assert_int_equal(s->place.line, 2);
    assert_int_equal(s->place.column, 3);
    assert_int_equal(sum->place.line, 3);
    assert_int_equal(sum->place.column, 15);
    assert_true(slice_is(ast_text(slice_text(text), sum->place), "a + b"));
    assert_true(slice_is(ast_text(slice_text(text), q->place), "SELECT '\xc3\xa9', a + b FROM t ORDER BY a"));
    arena_fini(&arena);
}

static void test_types(UNUSED void **state)
{
    static const struct {
        const char *text, *wanted;
    } cases[] = {
        {"VARCHAR(2147483647)", "STRING"},
        {"VARCHAR", "VARCHAR(1)"},
        {"CHAR", "CHAR(1)"},
        {"DECIMAL", "DECIMAL(10, 0)"},
        {"TIMESTAMP", "TIMESTAMP(6)"},
        {"TIME", "TIME(0)"},
        {"TIMESTAMP(3) WITH LOCAL TIME ZONE", "TIMESTAMP_LTZ(3)"},
        {"BINARY VARYING(3)", "VARBINARY(3)"},
        {"MULTISET<INT>", "MULTISET<INT>"},
        {"INT ARRAY", "ARRAY<INT>"},
        {"ROW<a INT NOT NULL, b STRING 'c'>", "ROW<`a` INT NOT NULL, `b` STRING 'c'>"},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct bytes text = {0}, out = {0};

        bytes_printf(&text, "CAST(x AS %s)", cases[i].text);
        ast_print_type(expr(bytes_cstr(&text))->cast.type, &out);
        assert_string_equal(bytes_cstr(&out), cases[i].wanted);
        bytes_fini(&text);
        bytes_fini(&out);
    }
    arena_fini(&arena);
}

static void test_complete(UNUSED void **state)
{
    static const struct {
        const char *text;
        bool whole;
    } cases[] = {
        {"", true},
        {"  -- nothing\n", true},
        {"SELECT 1", false},
        {"SELECT 1;", true},
        {"SELECT ';'", false},
        {"SELECT 'a;", false},
        {"SELECT 1 /* ;", false},
        {"SELECT 1 -- ;", false},
        {"SELECT 1; -- done", true},
        {"EXECUTE STATEMENT SET BEGIN INSERT INTO a SELECT 1;", false},
        {"EXECUTE STATEMENT SET BEGIN INSERT INTO a SELECT CASE WHEN b THEN 1 END;", false},
        {"EXECUTE STATEMENT SET BEGIN INSERT INTO a SELECT 1; END;", true},
        {"BEGIN STATEMENT SET;", true},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++)
        if (sql_complete(slice_text(cases[i].text)) != cases[i].whole)
            fail_msg("%s", cases[i].text);
}

static void test_set(UNUSED void **state)
{
    static const struct {
        const char *text, *key, *value;
    } cases[] = {
        {"SET 'a.b' = 'c d';", "a.b", "c d"},
        {"SET a.b-c=streaming;", "a.b-c", "streaming"},
        {"SET table.exec.state.ttl = 1 d\n;", "table.exec.state.ttl", "1 d"},
        {"SET a = 'x y' -- comment\n;", "a", "x y"},
        {"SET a = s3://b/c;", "a", "s3://b/c"},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const struct ast_statement *s = parse(cases[i].text);

        assert_int_equal(s->kind, AST_SET);
        assert_string_equal(s->option.key.text, cases[i].key);
        assert_string_equal(s->option.value.text, cases[i].value);
    }
    assert_null(parse("SET")->option.key.text);
    arena_fini(&arena);
}

/* A text of many of one piece is refused or read, but never overflows. */
static void test_depth(UNUSED void **state)
{
    static const struct {
        const char *head, *piece;
        bool fine;
    } cases[] = {
        {"SELECT ", "(", false},
        {"SELECT ", "NOT ", false},
        {"SELECT ", "- ", false},
        {"SELECT 1", "+1", false},
        {"SELECT 1", " AND 1", true},
        {"SELECT ", "CASE WHEN ", false},
        {"SELECT a", "[1]", false},
        {"SELECT CAST(a AS ", "ARRAY<", false},
        {"SELECT 1", " UNION SELECT 1", false},
        {"SELECT * FROM a", ", a", false},
        {"SELECT * FROM ", "(", false},
        {"SELECT ", "f(", false},
        {"SELECT ", "(SELECT ", false},
        {"SELECT 1", ", 1", true},
        {"SELECT a", ".a", true},
        {"SELECT 1 FROM t GROUP BY ", "CUBE (", false},
        {"SELECT CAST(a AS INT", " ARRAY", false},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const struct ast_statement *s;
        struct bytes text = {0};
        struct sql_error error;
        struct sql_source source = {0};
        size_t offset = 0;

        bytes_text(&text, cases[i].head);
        for (int k = 0; k < 100000; k++)
            bytes_text(&text, cases[i].piece);
        source.text = bytes_all(&text);
        if ((sql_parse(&arena, &source, &offset, &s, &error) == OK) != cases[i].fine)
            fail_msg("%s...: %s", cases[i].head, error.message);
        arena_fini(&arena);
        bytes_fini(&text);
    }
}

static void test_large(UNUSED void **state)
{
    struct sql_source source = {0};
    const struct ast_statement *s;
    struct sql_error error;
    struct bytes text = {0};
    size_t offset = 0;

    bytes_text(&text, "SELECT 1");
    while (text.len < SQL_STATEMENT_MAX + 1000)
        bytes_text(&text,
                   "\n-- a long comment is a part of the statement as well, since it stands in its midst");
    bytes_text(&text, ", 2, 3");
    source.text = bytes_all(&text);
    assert_int_equal(sql_parse(&arena, &source, &offset, &s, &error), ERR_INPUT);
    assert_non_null(strstr(error.message, "longer than"));
    bytes_fini(&text);
    arena_fini(&arena);
}

#define EVERYTHING                                                                                           \
    "CREATE TABLE t (a INT PRIMARY KEY NOT ENFORCED, b ROW<x ARRAY<INT>> METADATA FROM 'k', c AS a + 1, "    \
    "WATERMARK FOR c AS c - INTERVAL '1' DAY) COMMENT 'x' PARTITIONED BY (a) WITH ('a' = 'b') LIKE u "       \
    "(INCLUDING ALL); WITH q (x) AS (SELECT 1) SELECT /*+ H('a' = 'b') */ DISTINCT f(x => 1) OVER w, "       \
    "CASE a WHEN 1 THEN JSON_VALUE(b, '$' NULL ON EMPTY) END AS y FROM t AS v JOIN TABLE(TUMBLE(TABLE t, "   \
    "DESCRIPTOR(ts), INTERVAL '1' DAY)) ON a IN (1, 2) WHERE `a` LIKE 'x''y' AND U&'\\0041' = X'00' GROUP "  \
    "BY "                                                                                                    \
    "GROUPING SETS ((a, b), ()) WINDOW w AS (ORDER BY a) ORDER BY 1 LIMIT 2; SET a = b; EXECUTE STATEMENT "  \
    "SET BEGIN INSERT INTO a PARTITION (p = 1) (x) VALUES (1), (2); END; ALTER TABLE t ADD (x INT FIRST); "  \
    "SELECT * FROM t MATCH_RECOGNIZE (ORDER BY a MEASURES A.x AS y PATTERN (A B+?) DEFINE A AS TRUE); "      \
    "SELECT a, FROM t; SHOW TABLES LIKE 'x'"

static void test_memory(UNUSED void **state)
{
    struct sql_source source = {NULL, slice_text(EVERYTHING)};
    struct sql_script script;
    struct error e;
    uint64_t before = mem_count(), count;

    ASSERT_OK(sql_parse_script(&arena, &source, &script, &e), &e);
    count = mem_count() - before;
    assert_int_equal(script.statement_count, 7);
    assert_int_equal(script.error_count, 1);
    arena_fini(&arena);
    for (uint64_t n = 1; n <= count; n++) {
        mem_fail_at(n, true);
        assert_int_equal(sql_parse_script(&arena, &source, &script, &e), ERR_MEMORY);
        mem_fail_at(0, false);
        arena_fini(&arena);
    }
}

static void test_words(UNUSED void **state)
{
    const char *last = "", *word;
    size_t at = 0, reserved = 0;

    while ((word = sql_keyword_next(&at)) != NULL) {
        assert_true(strcmp(last, word) < 0);
        reserved += sql_reserved(slice_text(word));
        last = word;
    }
    assert_int_equal(reserved, 404);
    assert_true(sql_reserved(SLICE("Timestamp")));
    assert_false(sql_reserved(SLICE("topic")));
    assert_false(sql_reserved(SLICE("no_such_word")));
}

static void test_line(UNUSED void **state)
{
    struct sql_source source = {"a.sql", SLICE("SELECT\n  a, FROM t;")};
    const struct ast_statement *s;
    struct sql_error error;
    struct error e;
    size_t offset = 0;

    assert_int_equal(sql_parse(&arena, &source, &offset, &s, &error), ERR_INPUT);
    assert_int_equal(sql_error_line(&error, &source, &e), ERR_INPUT);
    assert_string_equal(e.text,
                        "SQL parse failed. at a.sql:2:6: expected an expression after `,`, found `FROM`; "
                        "remove the comma before `FROM`");
    assert_int_equal(offset, source.text.len);
    arena_fini(&arena);
}

TEST_MAIN(cmocka_unit_test(test_literals), cmocka_unit_test(test_texts), cmocka_unit_test(test_places),
          cmocka_unit_test(test_types), cmocka_unit_test(test_complete), cmocka_unit_test(test_set),
          cmocka_unit_test(test_depth), cmocka_unit_test(test_large), cmocka_unit_test(test_memory),
          cmocka_unit_test(test_words), cmocka_unit_test(test_line))
