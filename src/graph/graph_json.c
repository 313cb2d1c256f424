/* graph_json.c: the plan as JSON, as `info` prints it and a dashboard draws it. See graph_json in graph.h. */
#include "graph/graph.h"

static const char *const partitioning_names[] = {
    [EDGE_FORWARD] = "FORWARD",
    [EDGE_HASH] = "HASH",
    [EDGE_REBALANCE] = "REBALANCE",
    [EDGE_BROADCAST] = "BROADCAST",
};

static void put_string(struct bytes *out, const char *text)
{
    bytes_u8(out, '"');
    for (const unsigned char *p = (const unsigned char *)text; *p; p++) {
        if (*p == '"' || *p == '\\')
            bytes_printf(out, "\\%c", *p);
        else if (*p < 0x20)
            bytes_printf(out, "\\u%04x", *p);
        else
            bytes_u8(out, *p);
    }
    bytes_u8(out, '"');
}

static void put_inputs(const struct graph *g, int32_t vertex, struct bytes *out)
{
    const char *comma = "";

    bytes_text(out, ",\"predecessors\":[");
    for (int32_t i = 0; i < g->edge_count; i++) {
        const struct edge *edge = &g->edges[i];

        if (edge->to != vertex)
            continue;
        bytes_printf(out, "%s{\"id\":%d,\"ship_strategy\":\"%s\",\"side\":\"%s\"}", comma, edge->from + 1,
                     partitioning_names[edge->partitioning], edge->input == 0 ? "first" : "second");
        comma = ",";
    }
    bytes_text(out, "]");
}

static bool inputs_exist(const struct graph *g, int32_t vertex)
{
    for (int32_t i = 0; i < g->edge_count; i++)
        if (g->edges[i].to == vertex)
            return true;
    return false;
}

static const char *pact_of(const struct vertex *v)
{
    if (v->is_source)
        return "Data Source";
    return v->schema == NULL ? "Data Sink" : "Operator";
}

void graph_json(const struct graph *g, struct bytes *out)
{
    bytes_text(out, "{\"nodes\":[");
    for (int32_t i = 0; i < g->vertex_count; i++) {
        const struct vertex *v = &g->vertices[i];

        bytes_printf(out, "%s{\"id\":%d,\"type\":", i == 0 ? "" : ",", i + 1);
        put_string(out, v->name);
        bytes_printf(out, ",\"pact\":\"%s\",\"contents\":", pact_of(v));
        put_string(out, v->name);
        bytes_text(out, ",\"uid\":");
        put_string(out, v->uid ? v->uid : "");
        bytes_printf(out, ",\"parallelism\":%d", v->parallelism);
        if (inputs_exist(g, i))
            put_inputs(g, i, out);
        bytes_text(out, "}");
    }
    bytes_text(out, "]}");
}
