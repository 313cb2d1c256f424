/* json_tree.c: see json_tree.h. */
#include "formats/json_tree.h"
#include "base/hash.h"

#define MISSES_MAX 32 /* in a row: then another shape is learned */

static enum err no_memory(struct error *e)
{
    return error_memory(e, 0, "a JSON decoder");
}

static uint32_t hash_of(struct slice key)
{
    return (uint32_t)hash_bytes(key.ptr, key.len);
}

static enum err make_table(struct arena *arena, struct json_node *row, struct error *e)
{
    uint32_t size = 4;

    while (size < (uint32_t)row->child_count * 2)
        size *= 2;
    row->slot_mask = size - 1;
    row->slots = ARENA_ARRAY(arena, int32_t, size);
    row->seen = ARENA_ARRAY(arena, uint32_t, row->child_count);
    row->last = ARENA_ARRAY(arena, const char *, row->child_count);
    row->shape = ARENA_ARRAY(arena, struct json_shape, JSON_SHAPE_MAX);
    if (arena->failed)
        return no_memory(e);
    for (int32_t i = 0; i < row->child_count; i++) {
        uint32_t slot = hash_of(slice_text(row->children[i].name)) & row->slot_mask;

        while (row->slots[slot])
            slot = (slot + 1) & row->slot_mask;
        row->slots[slot] = i + 1;
    }
    return OK;
}

static enum err make_node(struct arena *arena, const struct type *t, struct json_node *out, struct error *e);

/* The fields that are wanted (NULL: all), each with a node. */
static enum err make_row(struct arena *arena, const struct field *fields, int32_t count, const bool *wanted,
                         struct json_node *out, struct error *e)
{
    enum err rc;

    if ((out->children = ARENA_ARRAY(arena, struct json_node, count)) == NULL)
        return no_memory(e);
    for (int32_t i = 0; i < count; i++) {
        struct json_node *child = &out->children[out->child_count];

        if (wanted && !wanted[i])
            continue;
        if ((rc = make_node(arena, fields[i].type, child, e)) != OK)
            return error_add(e, rc, "field %.100s", fields[i].name);
        child->name = fields[i].name;
        child->column = i;
        out->child_count++;
    }
    return make_table(arena, out, e);
}

static enum err make_inner(struct arena *arena, const struct type *t, struct json_node *out, struct error *e)
{
    enum err rc = OK;

    if (t->kind == TYPE_MAP && t->fields[0].type->kind != TYPE_STRING)
        return error_set(e, ERR_CONFIG,
                         "the keys of a JSON object are texts: a MAP must have keys of type STRING");
    if ((out->children = ARENA_ARRAY(arena, struct json_node, t->field_count)) == NULL)
        return no_memory(e);
    out->child_count = t->field_count;
    for (int32_t i = 0; rc == OK && i < t->field_count; i++) {
        rc = make_node(arena, t->fields[i].type, &out->children[i], e);
        out->children[i].column = i;
    }
    return rc;
}

static enum err make_node(struct arena *arena, const struct type *t, struct json_node *out, struct error *e)
{
    *out = (struct json_node){.type = t};
    if (t->kind == TYPE_STRUCT)
        return make_row(arena, t->fields, t->field_count, NULL, out, e);
    return type_is_nested(t) ? make_inner(arena, t, out, e) : OK;
}

enum err json_tree_new(struct arena *arena, const struct schema *schema, const bool *wanted,
                       struct json_node **out, struct error *e)
{
    struct json_node *root = ARENA_NEW(arena, struct json_node);

    if (root == NULL)
        return no_memory(e);
    *out = root;
    return make_row(arena, schema->fields, schema->field_count, wanted, root, e);
}

int32_t json_tree_find(const struct json_node *row, struct slice key)
{
    uint32_t slot = hash_of(key) & row->slot_mask;

    for (; row->slots[slot]; slot = (slot + 1) & row->slot_mask)
        if (slice_is(key, row->children[row->slots[slot] - 1].name))
            return row->slots[slot] - 1;
    return -1;
}

void json_tree_learn(struct json_node *row, int32_t at, struct slice key, int32_t field)
{
    struct json_shape *to;

    if (at < row->shape_count && ++row->misses > MISSES_MAX) {
        row->shape_count = at; /* the objects have changed: learn them anew from here on */
        row->misses = 0;
    }
    if (at != row->shape_count || at == JSON_SHAPE_MAX || key.len + 2 > JSON_KEY_MAX)
        return;
    to = &row->shape[row->shape_count++];
    to->field = field;
    to->len = (uint8_t)(key.len + 2);
    memcpy(to->key, key.ptr, key.len);
    memcpy(to->key + key.len, "\":", 2);
}
