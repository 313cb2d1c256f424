/* types.h: data types by number, so that rows can be counted by type without a search for each: a type is
 * found by its length and first eight bytes before it is compared. The first TYPES_MAX get a number of their
 * own, the rest are "other".
 */
#ifndef HEALTH_TYPES_H
#define HEALTH_TYPES_H
#include "health.h"
#include <string.h>

#define TYPES_MAX  64
#define TYPES_NAME 48

struct types {
    int count;
    struct {
        size_t len;
        uint64_t begin; /* its first eight bytes, 0 behind its end */
        char name[TYPES_NAME];
    } known[TYPES_MAX + 1];      /* the last is "other" */
    int64_t rows[TYPES_MAX + 1]; /* of the batch at hand; whoever counts sets them back to 0 */
};

static inline uint64_t types_begin(struct weir_str type)
{
    uint64_t begin = 0;

    memcpy(&begin, type.ptr, type.len < sizeof begin ? type.len : sizeof begin);
    return begin;
}

/* The number of a type; *is_new when it was given just now: name its metrics by known[number].name. */
static inline int types_number(struct types *t, struct weir_str type, bool *is_new)
{
    uint64_t begin = types_begin(type);

    *is_new = false;
    for (int i = 0; i < t->count; i++)
        if (t->known[i].begin == begin && t->known[i].len == type.len &&
            memcmp(t->known[i].name, type.ptr, type.len) == 0)
            return i;
    if (t->count < TYPES_MAX && type.len < TYPES_NAME && memchr(type.ptr, 0, type.len) == NULL) {
        *is_new = true;
        t->known[t->count].len = type.len;
        t->known[t->count].begin = begin;
        memcpy(t->known[t->count].name, type.ptr, type.len);
        return t->count++;
    }
    *is_new = t->known[TYPES_MAX].len == 0;
    t->known[TYPES_MAX].len = 5;
    memcpy(t->known[TYPES_MAX].name, "other", 6);
    return TYPES_MAX;
}
#endif
