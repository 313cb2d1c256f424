/* graph_test.c: what graph_finish fills in, sorts and refuses. */
#include "graph/graph.h"
#include "base/mem.h"
#include "base/test.h"

static const struct operator_factory factory = {.name = "test"};
static const struct field fields[] = {{.name = "id"}, {.name = "tags"}};

/* Vertices are named a, b, c ... by index; sources are those in upper case. */
struct spec_edge {
    char from, to;
    enum partitioning partitioning;
    int32_t key; /* -1: none */
};

static void build(struct graph *g, const char *vertices, const struct spec_edge *edges, size_t edge_count)
{
    static const int32_t keys[] = {0, 1, 2};
    static struct field element = {.name = "element"};
    struct type *types;
    struct field *columns;
    struct schema *schema;

    graph_init(g, "job");
    element.type = type_simple(TYPE_INT32, true);
    types = ARENA_ARRAY(&g->arena, struct type, 2);
    types[0] = *type_simple(TYPE_STRING, false);
    types[1] = (struct type){.kind = TYPE_LIST, .field_count = 1, .fields = &element};
    columns = arena_copy(&g->arena, fields, sizeof fields);
    columns[0].type = &types[0];
    columns[1].type = &types[1];
    schema = ARENA_NEW(&g->arena, struct schema);
    *schema = (struct schema){2, columns};
    for (const char *v = vertices; *v; v++)
        graph_vertex(g, &(struct vertex){.name = arena_text(&g->arena, slice_of(v, 1)),
                                         .factory = &factory,
                                         .is_source = *v >= 'A' && *v <= 'Z',
                                         .keyed = *v == 'k',
                                         .parallelism = *v == 't' ? 3 : 0,
                                         .schema = schema});
    for (size_t i = 0; i < edge_count; i++)
        graph_edge(g, &(struct edge){.from = (int32_t)(strchr(vertices, edges[i].from) - vertices),
                                     .to = (int32_t)(strchr(vertices, edges[i].to) - vertices),
                                     .partitioning = edges[i].partitioning,
                                     .key_count = edges[i].key >= 0,
                                     .keys = edges[i].key >= 0 ? &keys[edges[i].key] : NULL});
}

static void test_refusals(UNUSED void **state)
{
    static const struct {
        const char *vertices;
        struct spec_edge edges[4];
        const char *says; /* NULL: it is fine */
    } cases[] = {
        {"Ab", {{'A', 'b', EDGE_FORWARD, -1}}, NULL},
        {"", {{0}}, "does nothing"},
        {"Ab", {{0}}, "b: nothing flows into it"},
        {"AB", {{'A', 'B', EDGE_FORWARD, -1}}, "B: a source has an input"},
        {"Abc",
         {{'A', 'b', EDGE_FORWARD, -1}, {'b', 'c', EDGE_FORWARD, -1}, {'c', 'b', EDGE_FORWARD, -1}},
         "no cycles"},
        {"Ab", {{'A', 'b', EDGE_HASH, -1}}, "no key is given"},
        {"Ab", {{'A', 'b', EDGE_HASH, 0}}, NULL},
        {"Ab", {{'A', 'b', EDGE_HASH, 2}}, "key column 2"},
        {"Ab", {{'A', 'b', EDGE_HASH, 1}}, "b: the key of its input from A"},
        {"At", {{'A', 't', EDGE_FORWARD, -1}}, "parallelism 2 to 3"},
        {"At", {{'A', 't', EDGE_REBALANCE, -1}}, NULL},
        {"Ak", {{'A', 'k', EDGE_REBALANCE, -1}}, "k: it keeps state by key"},
        {"Ak", {{'A', 'k', EDGE_HASH, 0}}, NULL},
        {"Abk", {{'A', 'b', EDGE_HASH, 0}, {'b', 'k', EDGE_FORWARD, -1}}, NULL},
        {"Abk", {{'A', 'b', EDGE_REBALANCE, 0}, {'b', 'k', EDGE_FORWARD, -1}}, "k: it keeps state by key"},
        {"Abk",
         {{'A', 'b', EDGE_FORWARD, -1}, {'A', 'k', EDGE_HASH, 0}, {'b', 'k', EDGE_FORWARD, -1}},
         "by key"},
    };
    struct error e;

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct graph g;
        size_t edges = 0;
        enum err rc;

        while (edges < COUNT_OF(cases[i].edges) && cases[i].edges[edges].from != 0)
            edges++;
        build(&g, cases[i].vertices, cases[i].edges, edges);
        rc = graph_finish(&g, 2, 0, &e);
        if (cases[i].says == NULL)
            ASSERT_OK(rc, &e);
        else if (rc == OK || strstr(e.text, cases[i].says) == NULL)
            fail_msg("case %zu: %s", i, rc == OK ? "it was taken" : e.text);
        graph_fini(&g);
    }
}

static void test_defaults(UNUSED void **state)
{
    static const struct {
        int32_t parallelism, max_parallelism, want, want_max;
    } cases[] = {{0, 0, 1, 128}, {4, 0, 4, 128}, {100, 0, 100, 256}, {32768, 0, 32768, 32768}, {3, 7, 3, 7}};
    struct error e;

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct graph g;

        build(&g, "Ab", &(struct spec_edge){'A', 'b', EDGE_FORWARD, -1}, 1);
        ASSERT_OK(graph_finish(&g, cases[i].parallelism, cases[i].max_parallelism, &e), &e);
        assert_int_equal(g.vertices[1].parallelism, cases[i].want);
        assert_int_equal(g.vertices[1].max_parallelism, cases[i].want_max);
        graph_fini(&g);
    }
    static const int32_t bad[][2] = {{8, 4}, {1, 40000}};
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        struct graph g;

        build(&g, "Ab", &(struct spec_edge){'A', 'b', EDGE_FORWARD, -1}, 1);
        assert_int_equal(graph_finish(&g, bad[i][0], bad[i][1], &e), ERR_CONFIG);
        graph_fini(&g);
    }
}

/* Added backwards, they come out from the sources on; edges follow; names that repeat become different uids.
 */
static void test_order_and_uids(UNUSED void **state)
{
    struct graph g;
    struct error e;
    int32_t sink, middle, source;

    graph_init(&g, "job");
    sink = graph_vertex(&g, &(struct vertex){.name = "x", .factory = &factory});
    middle = graph_vertex(&g, &(struct vertex){.name = "x", .factory = &factory});
    source = graph_vertex(
        &g, &(struct vertex){.name = "s", .uid = "x #2", .factory = &factory, .is_source = true});
    graph_edge(&g, &(struct edge){.from = middle, .to = sink});
    graph_edge(&g, &(struct edge){.from = source, .to = middle});
    ASSERT_OK(graph_finish(&g, 1, 0, &e), &e);
    assert_string_equal(g.vertices[0].uid, "x #2");
    assert_string_equal(g.vertices[1].uid, "x");
    assert_string_equal(g.vertices[2].uid, "x #3");
    assert_true(g.edges[0].from == 1 && g.edges[0].to == 2 && g.edges[1].from == 0 && g.edges[1].to == 1);
    graph_fini(&g);

    graph_init(&g, "job");
    graph_vertex(&g, &(struct vertex){.name = "a", .uid = "u", .factory = &factory, .is_source = true});
    graph_vertex(&g, &(struct vertex){.name = "b", .uid = "u", .factory = &factory, .is_source = true});
    assert_int_equal(graph_finish(&g, 1, 0, &e), ERR_CONFIG);
    assert_non_null(strstr(e.text, "a and b have the same uid 'u'"));
    graph_fini(&g);
}

static void test_json(UNUSED void **state)
{
    struct bytes out = {0};
    struct graph g;
    struct error e;

    graph_init(&g, "job");
    graph_vertex(&g, &(struct vertex){.name = "Source: \"q\"\n", .factory = &factory, .is_source = true});
    graph_vertex(&g, &(struct vertex){.name = "out", .factory = &factory});
    graph_edge(&g, &(struct edge){.from = 0, .to = 1, .partitioning = EDGE_BROADCAST});
    ASSERT_OK(graph_finish(&g, 2, 0, &e), &e);
    graph_json(&g, &out);
    assert_string_equal(
        bytes_cstr(&out),
        "{\"nodes\":[{\"id\":1,\"type\":\"Source: \\\"q\\\"\\u000a\",\"pact\":\"Data Source\","
        "\"contents\":\"Source: \\\"q\\\"\\u000a\",\"uid\":\"Source: \\\"q\\\"\\u000a\","
        "\"parallelism\":2},{\"id\":2,\"type\":\"out\",\"pact\":\"Data Sink\",\"contents\":\"out\","
        "\"uid\":\"out\",\"parallelism\":2,\"predecessors\":[{\"id\":1,\"ship_strategy\":"
        "\"BROADCAST\",\"side\":\"first\"}]}]}");
    bytes_fini(&out);
    graph_fini(&g);
}

static void test_no_memory(UNUSED void **state)
{
    enum err rc = ERR_MEMORY;

    for (uint64_t nth = 1; rc != OK; nth++) {
        struct graph g;
        struct error e;

        mem_fail_at(nth, true);
        graph_init(&g, "job");
        for (int i = 0; i < 40; i++)
            graph_vertex(&g, &(struct vertex){.name = "a", .factory = &factory, .is_source = true});
        rc = graph_finish(&g, 1, 0, &e);
        mem_fail_at(0, false);
        assert_true(rc == OK || rc == ERR_MEMORY);
        graph_fini(&g);
    }
}

TEST_MAIN(cmocka_unit_test(test_refusals), cmocka_unit_test(test_defaults),
          cmocka_unit_test(test_order_and_uids), cmocka_unit_test(test_json),
          cmocka_unit_test(test_no_memory))
