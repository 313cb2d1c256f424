/* stream_time.c: weir_unnest and weir_watermark: the operators of weir itself that a job names. */
#include "graph/stream.h"
#include "operators/unnest.h"
#include "operators/watermark.h"

/* The columns of the result: all but the list's, then the element's fields. */
static const struct schema *unnested(struct weir_env *env, const struct schema *from, int32_t list,
                                     int32_t **parents)
{
    const struct type *element = from->fields[list].type->fields[0].type;
    int32_t count = from->field_count - 1 + element->field_count, n = 0;
    struct schema *schema = weir_memory(env, sizeof *schema);
    struct field *fields = weir_memory(env, (size_t)count * sizeof *fields);

    *parents = weir_memory(env, (size_t)from->field_count * sizeof **parents);
    if (schema == NULL || fields == NULL || *parents == NULL)
        return NULL;
    for (int32_t i = 0; i < from->field_count; i++)
        if (i != list) {
            (*parents)[n] = i;
            fields[n++] = from->fields[i];
        }
    for (int32_t i = 0; i < element->field_count; i++)
        fields[n++] = element->fields[i];
    *schema = (struct schema){count, fields};
    return schema;
}

struct weir_stream *weir_unnest(struct weir_stream *s, const char *column)
{
    struct weir_env *env = s->env;
    struct unnest_spec *spec = weir_memory(env, sizeof *spec);
    struct weir_stream *out;
    const struct type *type;
    int32_t list, *parents;

    if (env->failed || spec == NULL)
        return stream_dead(env);
    list = schema_find(s->schema, slice_text(column));
    type = list >= 0 ? s->schema->fields[list].type : NULL;
    if (type == NULL || type->kind != TYPE_LIST || type->fields[0].type->kind != TYPE_STRUCT) {
        stream_fail(env, ERR_CONFIG, "weir_unnest: \"%s\" %s", column,
                    type ? "is no ARRAY<ROW<...>>" : "is not among the columns");
        return stream_dead(env);
    }
    *spec = (struct unnest_spec){.input = s->schema,
                                 .list_column = list,
                                 .parent_count = s->schema->field_count - 1,
                                 .element_count = type->fields[0].type->field_count,
                                 .output = unnested(env, s->schema, list, &parents),
                                 .empty_to_port = true};
    spec->parents = parents;
    if (env->failed)
        return stream_dead(env);
    out = stream_add(s, &(struct vertex){.name = weir_text(env, "unnest %s", column),
                                         .factory = &unnest_factory,
                                         .spec = spec,
                                         .schema = spec->output});
    out->sides[1] = s->schema;
    return out;
}

struct weir_stream *weir_watermark_idle(struct weir_stream *s, const char *time_column,
                                        int64_t max_out_of_orderness_us, int64_t idle_timeout_us)
{
    struct weir_env *env = s->env;
    struct watermark_spec *spec = weir_memory(env, sizeof *spec);
    struct weir_stream *out;
    enum type_kind kind;
    int32_t column;

    if (env->failed || spec == NULL)
        return stream_dead(env);
    column = schema_find(s->schema, slice_text(time_column));
    kind = column >= 0 ? s->schema->fields[column].type->kind : TYPE_STRING;
    if (kind != TYPE_TIMESTAMP && kind != TYPE_TIMESTAMP_LTZ) {
        stream_fail(env, ERR_CONFIG, "weir_watermark: \"%s\" %s", time_column,
                    column >= 0 ? "is no TIMESTAMP" : "is not among the columns");
        return stream_dead(env);
    }
    *spec = (struct watermark_spec){.time_column = column,
                                    .max_out_of_orderness_us = max_out_of_orderness_us,
                                    .idle_timeout_us = idle_timeout_us,
                                    .minus_one_ms = true};
    out = stream_add(s, &(struct vertex){.name = weir_text(env, "watermark on %s", time_column),
                                         .factory = &watermark_factory,
                                         .spec = spec,
                                         .schema = s->schema});
    out->time_column = s->schema->fields[column].name;
    return out;
}

struct weir_stream *weir_watermark(struct weir_stream *s, const char *time_column,
                                   int64_t max_out_of_orderness_us)
{
    return weir_watermark_idle(s, time_column, max_out_of_orderness_us, 0);
}
