/* failure.h: why a payload could not be read, and where: `field samples[3].value: 2 bytes are missing`.
 * Set where it happens; on the way out each level puts its name or index before the path, so that the path
 * costs nothing while all goes well. FAIL and the others are false, for `return FAIL(...)`: expressions, so
 * that the compiler sees it.
 */
#ifndef WEIR_FORMATS_FAILURE_H
#define WEIR_FORMATS_FAILURE_H
#include "base/base.h"

#define FAILURE_TEXT 200 /* bytes of the finished sentence */
#define FAILURE_PATH 100

struct failure {
    char *text;     /* borrowed: FAILURE_TEXT bytes */
    size_t path_at; /* the path is written from its end backwards */
    char path[FAILURE_PATH];
};

static inline void failure_init(struct failure *f, char text[FAILURE_TEXT])
{
    f->text = text;
    f->path_at = FAILURE_PATH;
}

__attribute__((cold, format(printf, 2, 3))) void failure_set(struct failure *f, const char *fmt, ...);
__attribute__((cold)) void failure_add_field(struct failure *f,
                                             const char *name); /* NULL: no level of its own */
__attribute__((cold)) void failure_add_element(struct failure *f, uint64_t index);

#define FAIL(f, ...)              (failure_set(f, __VA_ARGS__), false)
#define FAIL_IN_FIELD(f, name)    (failure_add_field(f, name), false)
#define FAIL_IN_ELEMENT(f, index) (failure_add_element(f, index), false)

/* The sentence, in f's text. */
__attribute__((cold)) const char *failure_explain(struct failure *f);
#endif
