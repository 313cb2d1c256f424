/* avro_plan_skip.c: the steps of what no column wants. A record's body is compiled once, however often it is
 * used, which also ends the recursion of a record that contains itself.
 */
#include "formats/avro_compiler.h"

/* A step that skips each branch, even one of no bytes. */
static enum err skip_all(struct avro_compiler *k, const struct avro_type **types, int32_t count, int depth,
                         struct avro_body *out)
{
    struct avro_step *steps = ARENA_ARRAY(k->arena, struct avro_step, count);
    enum err rc;

    if (steps == NULL)
        return avro_compiler_memory(k);
    for (int32_t i = 0; i < count; i++)
        if ((rc = avro_compile_skip(k, types[i], depth, &steps[i])) != OK)
            return rc;
    *out = (struct avro_body){steps, count};
    return OK;
}

void avro_add_skip(struct avro_step *steps, int32_t *count, const struct avro_step *step)
{
    struct avro_step *last = *count ? &steps[*count - 1] : NULL;

    if (step->op == AVRO_OP_SKIP_FIXED && step->size == 0)
        return;
    if (last && last->op == AVRO_OP_SKIP_FIXED && step->op == AVRO_OP_SKIP_FIXED)
        last->size += step->size;
    else
        steps[(*count)++] = *step;
}

static enum err skip_record(struct avro_compiler *k, const struct avro_type *w, int depth,
                            struct avro_step *out)
{
    struct slice key = slice_of(&w, sizeof w);
    struct avro_body *body = map_get(&k->skips, key);
    struct avro_step *steps, step;
    int32_t count = 0;
    enum err rc;

    out->op = AVRO_OP_SKIP_RECORD;
    out->body = body;
    if (body)
        return OK;
    body = ARENA_NEW(k->arena, struct avro_body);
    steps = ARENA_ARRAY(k->arena, struct avro_step, w->field_count);
    if (body == NULL || steps == NULL || !map_put(&k->skips, key, body))
        return avro_compiler_memory(k);
    for (int32_t i = 0; i < w->field_count; i++) {
        if ((rc = avro_compile_skip(k, w->fields[i].type, depth + 1, &step)) != OK)
            return rc;
        avro_add_skip(steps, &count, &step);
    }
    *body = (struct avro_body){steps, count};
    out->body = body;
    return OK;
}

static enum err skip_list(struct avro_compiler *k, const struct avro_type *w, int depth,
                          struct avro_step *out)
{
    static const struct avro_step key = {.op = AVRO_OP_SKIP_LENGTH, .null_branch = -1};
    struct avro_body *body = ARENA_NEW(k->arena, struct avro_body);
    struct avro_step *steps = ARENA_ARRAY(k->arena, struct avro_step, 2), step;
    int32_t count = 0;
    enum err rc;

    if (body == NULL || steps == NULL)
        return avro_compiler_memory(k);
    if (w->kind == AVRO_KIND_MAP)
        avro_add_skip(steps, &count, &key);
    if ((rc = avro_compile_skip(k, w->types[0], depth + 1, &step)) != OK)
        return rc;
    avro_add_skip(steps, &count, &step);
    *body = (struct avro_body){steps, count};
    out->op = AVRO_OP_SKIP_LIST;
    out->body = body;
    out->min_size = w->types[0]->min_size + (w->kind == AVRO_KIND_MAP);
    return OK;
}

enum err avro_compile_skip(struct avro_compiler *k, const struct avro_type *w, int depth,
                           struct avro_step *out)
{
    struct avro_body *body;

    *out = (struct avro_step){.op = AVRO_OP_SKIP_FIXED, .null_branch = -1};
    if (depth > AVRO_SKIP_DEPTH_MAX)
        return error_set(k->e, ERR_INPUT, "the writer's schema is nested too deep");
    switch (w->kind) {
    case AVRO_KIND_BOOLEAN:
        out->size = 1;
        return OK;
    case AVRO_KIND_INT:
    case AVRO_KIND_LONG:
    case AVRO_KIND_ENUM:
        out->op = AVRO_OP_SKIP_VARINT;
        return OK;
    case AVRO_KIND_BYTES:
    case AVRO_KIND_STRING:
        out->op = AVRO_OP_SKIP_LENGTH;
        return OK;
    case AVRO_KIND_ARRAY:
    case AVRO_KIND_MAP:
        return skip_list(k, w, depth, out);
    case AVRO_KIND_RECORD:
        return w->min_size ? skip_record(k, w, depth, out) : OK;
    case AVRO_KIND_UNION:
        if ((body = ARENA_NEW(k->arena, struct avro_body)) == NULL)
            return avro_compiler_memory(k);
        out->op = AVRO_OP_SKIP_UNION;
        out->body = body;
        return skip_all(k, w->types, w->type_count, depth + 1, body);
    default:
        out->size = w->min_size; /* null, float, double, fixed */
        return OK;
    }
}
