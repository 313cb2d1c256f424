/* stream_test.c: jobs in C as they are planned: connectors that give rows, sinks that think of tables, and what
 * is refused.
 */
#include "base/test.h"
#include "config/config.h"
#include "connectors/kafka_sink.h"
#include "graph/stream.h"
#include "io/fs.h"
#include "os/clock.h"

struct job {
    struct config *config;
    struct fs *fs;
    struct weir_env *env;
};

static void set_up(struct job *j)
{
    struct error e;

    j->config = config_new();
    assert_non_null(j->config);
    ASSERT_OK(fs_local_new(&j->fs, &e), &e);
    j->env = stream_env_new(j->config);
    assert_non_null(j->env);
}

static void tear_down(struct job *j)
{
    stream_env_free(j->env);
    fs_free(j->fs);
    config_free(j->config);
}

static enum err finish(struct job *j, struct error *e)
{
    return stream_finish(j->env, j->fs, clock_system(), e);
}

#define KAFKA                                                                                                \
    {"topic", "t"},                                                                                          \
    {                                                                                                        \
        "properties.bootstrap.servers", "127.0.0.1:1"                                                        \
    }

static void test_rows_into_kafka(UNUSED void **state)
{
    struct job j;
    struct error e;
    struct weir_stream *s;
    const struct graph *g;
    const struct kafka_sink_spec *spec;

    set_up(&j);
    s = weir_from(j.env, "datagen",
                  WEIR_WITH({"number-of-rows", "5"}, {"fields.id.kind", "sequence"}, {"fields.id.start", "1"},
                            {"fields.id.end", "5"}),
                  "id BIGINT, name STRING");
    weir_into(s, "kafka", WEIR_WITH(KAFKA, {"format", "json"}, {"sink.parallelism", "2"}));
    weir_into(s, "upsert-kafka",
              WEIR_WITH({"topic", "u"}, {"properties.bootstrap.servers", "127.0.0.1:1"},
                        {"key.format", "json"}, {"value.format", "csv"}, {"table.primary-key", " id "}));
    ASSERT_OK(finish(&j, &e), &e);
    g = &j.env->graph;
    assert_int_equal(g->vertex_count, 3);
    assert_true(g->vertices[0].is_source && g->vertices[0].schema->field_count == 2);
    for (int32_t i = 0; i < g->edge_count; i++) {
        const struct vertex *to = &g->vertices[g->edges[i].to];

        assert_ptr_equal(to->factory, &kafka_sink_factory);
        spec = to->spec;
        assert_int_equal(g->edges[i].partitioning, spec->upsert ? EDGE_HASH : EDGE_REBALANCE);
        assert_int_equal(to->parallelism, spec->upsert ? 1 : 2);
        if (spec->upsert)
            assert_string_equal(spec->key.schema->fields[0].name, "id");
    }
    tear_down(&j);
}

static void test_files(UNUSED void **state)
{
    struct job j;
    struct error e;
    struct weir_stream *s;

    set_up(&j);
    s = weir_from(j.env, "filesystem", WEIR_WITH({"path", "/tmp"}, {"format", "csv"}, {"on-error", "skip"}),
                  "a INT, b STRING, p STRING NOT NULL METADATA FROM 'file.path'");
    weir_into(s, "print", NULL);
    ASSERT_OK(finish(&j, &e), &e);
    assert_int_equal(j.env->graph.vertices[0].schema->field_count, 3);
    tear_down(&j);
}

static void test_refusals(UNUSED void **state)
{
    static const struct {
        const char *from, *columns;
        struct weir_option source[3];
        const char *into;
        struct weir_option sink[5];
        const char *says;
    } cases[] = {
        {"datagen", "id INT", {{0}}, "kafka", {KAFKA}, "'format' is missing"},
        {"datagen", "id INT", {{0}}, "kafka", {KAFKA, {"format", "jsn"}}, "it takes"},
        {"datagen", "id INT", {{0}}, "kafka", {{"format", "json"}, {"topic", "t"}}, "bootstrap.servers"},
        {"datagen",
         "id INT",
         {{0}},
         "upsert-kafka",
         {KAFKA, {"key.format", "json"}, {"value.format", "json"}},
         "table.primary-key"},
        {"datagen",
         "id INT",
         {{0}},
         "upsert-kafka",
         {KAFKA, {"key.format", "json"}, {"value.format", "json"}, {"table.primary-key", "no"}},
         "no column 'no'"},
        {"datagen", "id INT", {{"rows", "5"}}, "print", {{0}}, "has no option 'rows'"},
        {"datagen", "id INT, t TIMESTAMP_LTZ(3) METADATA", {{0}}, "print", {{0}}, "has no metadata 't'"},
        {"filesystem", "id INT", {{"format", "csv"}}, "print", {{0}}, "'path'"},
        {"filesystem",
         "id INT",
         {{"format", "csv"}, {"path", "/tmp"}, {"on-error", "dead-letter"}},
         "print",
         {{0}},
         "fail and skip"},
        {"kafka", "id INT", {KAFKA}, "print", {{0}}, "'format' is missing"},
        {"upsert-kafka", "id INT", {KAFKA, {"format", "json"}}, "print", {{0}}, "read by SQL only"},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct weir_option source[4] = {0}, sink[6] = {0};
        struct job j;
        struct error e = {0};
        enum err rc;

        memcpy(source, cases[i].source, sizeof cases[i].source);
        memcpy(sink, cases[i].sink, sizeof cases[i].sink);
        set_up(&j);
        weir_into(weir_from(j.env, cases[i].from, source, cases[i].columns), cases[i].into, sink);
        rc = finish(&j, &e);
        if (rc == OK || strstr(e.text, cases[i].says) == NULL)
            fail_msg("case %zu: %d %s", i, rc, e.text);
        tear_down(&j);
    }
}

TEST_MAIN(cmocka_unit_test(test_rows_into_kafka), cmocka_unit_test(test_files),
          cmocka_unit_test(test_refusals))
