/* json_path.h: paths into JSON documents as Flink takes them (those of Jayway's JsonPath):
 *     [strict|lax] $ .name ['name'] [0] [-1] [0,2] [1:3] [*] .* ..name
 * Without a mode a path is strict: what is not there is an error. Filters ([?(...)]) and functions are not
 * supported.
 */
#ifndef WEIR_EXPR_JSON_PATH_H
#define WEIR_EXPR_JSON_PATH_H
#include "base/error.h"
#include "expr/json_document.h"

struct json_path_step {
    enum { STEP_NAME, STEP_INDEX, STEP_SLICE, STEP_ALL } kind;
    bool deep;        /* `..`: in all that is below, too */
    bool several;     /* INDEX: the next step is another of the same brackets */
    uint32_t at, len; /* NAME: in names */
    int64_t from, to; /* INDEX: from; SLICE: up to, without, to; INT64_MIN, INT64_MAX: open */
};

struct json_path {
    bool lax;
    bool definite;                /* at most one value */
    struct json_path_step *steps; /* owned */
    size_t count, capacity;
    struct bytes names; /* owned */
};

/* ERR_INPUT: no path; ERR_UNSUPPORTED: filters, functions. */
MUST_USE enum err json_path_init(struct json_path *p, struct slice text, struct error *e);
void json_path_fini(struct json_path *p); /* a zeroed one is fine */

struct json_path_matches {
    int32_t *nodes; /* owned, kept for the next search */
    size_t count, capacity;
    bool missing; /* something that is named is not there */
    bool failed;  /* no memory */
};

void json_path_find(const struct json_path *p, const struct json_document *d, struct json_path_matches *out);
void json_path_matches_fini(struct json_path_matches *m);
#endif
