/* arena.h: memory that dies together: a statement, a plan, a schema, a checkpoint.
 * Allocation is a pointer bump; nothing is freed before arena_fini. Keeps its first failure. Thread: one.
 */
#ifndef WEIR_BASE_ARENA_H
#define WEIR_BASE_ARENA_H
#include "base/slice.h"

struct budget;
struct arena_block;

struct arena {
    struct arena_block *blocks; /* owned, newest first */
    struct budget *budget;      /* borrowed, may be NULL */
    bool failed;
};

void arena_init(struct arena *a, struct budget *budget); /* a zeroed arena is good too: no budget */
void arena_fini(struct arena *a);

/* Zeroed, aligned for any type. NULL when there is no memory; `failed` then stays true. */
void *arena_alloc(struct arena *a, size_t byte_count);
void *arena_copy(struct arena *a, const void *ptr, size_t byte_count);
const char *arena_text(struct arena *a, struct slice s);     /* terminated copy */
const char *arena_strdup(struct arena *a, const char *text); /* NULL stays NULL */
struct slice arena_slice(struct arena *a, struct slice s);   /* copy; {NULL, 0} on failure */
const char *arena_printf(struct arena *a, const char *fmt, ...) PRINTF(2, 3);

#define ARENA_NEW(arena, type)          ((type *)arena_alloc((arena), sizeof(type)))
#define ARENA_ARRAY(arena, type, count) ((type *)arena_alloc((arena), sizeof(type) * (size_t)(count)))
#endif
