/* json_tree.h: the wanted columns as a tree of nodes, by which a JSON reader finds what a key stands for.
 * Producers write the keys of an object in the same order again and again, so each ROW's node learns that
 * order: the shape. The next key is compared with the one that came next last time, quotes and colon
 * included; only when that fails it is looked up by its hash. Keys that nobody wants are learned too. Thread:
 * that of the decoder: nodes change while they are used.
 */
#ifndef WEIR_FORMATS_JSON_TREE_H
#define WEIR_FORMATS_JSON_TREE_H
#include "base/arena.h"
#include "batch/type.h"

#define JSON_SHAPE_MAX 64 /* keys that are learned of an object */
#define JSON_KEY_MAX   43 /* bytes of a key that is learned, with `":` behind it */

struct json_shape {
    int32_t field; /* -1: nobody wants it */
    uint8_t len;   /* of key */
    char key[JSON_KEY_MAX];
};

struct json_node {
    const struct type *type;
    const char *name; /* of a field of a ROW, for errors; else NULL */
    int32_t column;   /* among its parent's builders */
    int32_t child_count;
    struct json_node *children; /* ROW: its fields; ARRAY: one; MAP: key and value */

    /* ROW only */
    uint32_t *seen;      /* per field: the generation in which it was last seen */
    uint32_t generation; /* of the object being read */
    const char **last;   /* per field: where its last value begins, while duplicates are sorted out */
    int32_t *slots;      /* hash table: field + 1, 0 when free */
    uint32_t slot_mask;
    struct json_shape *shape; /* JSON_SHAPE_MAX of them */
    int32_t shape_count;
    int32_t misses; /* keys in a row that the shape did not tell */
};

/* The tree of schema's fields that are wanted, in arena. ERR_CONFIG for what JSON cannot say: a MAP whose
 * keys are no text. */
MUST_USE enum err json_tree_new(struct arena *arena, const struct schema *schema, const bool *wanted,
                                struct json_node **out, struct error *e);

/* The field of a key without escapes, -1 when there is none. */
int32_t json_tree_find(const struct json_node *row, struct slice key);

/* Learn that key (which came at place `at` of its object, as `key":` in the text when plain) is field. */
void json_tree_learn(struct json_node *row, int32_t at, struct slice key, int32_t field);
#endif
