/* failure.c: see failure.h. */
#include "formats/failure.h"
#include <stdarg.h>
#include <stdio.h>

void failure_set(struct failure *f, const char *fmt, ...)
{
    va_list va;

    va_start(va, fmt);
    vsnprintf(f->text, FAILURE_TEXT, fmt, va);
    va_end(va);
}

/* Put text before the path; the inner end stays when there is no room. */
static void put_before(struct failure *f, const char *text)
{
    size_t len = strlen(text);

    if (len <= f->path_at) {
        f->path_at -= len;
        memcpy(f->path + f->path_at, text, len);
    } else {
        f->path_at = 0;
        memcpy(f->path, "...", 3);
    }
}

void failure_add_field(struct failure *f, const char *name)
{
    if (name == NULL)
        return;
    put_before(f, name);
    put_before(f, ".");
}

void failure_add_element(struct failure *f, uint64_t index)
{
    char text[32];

    snprintf(text, sizeof text, "[%" PRIu64 "]", index);
    put_before(f, text);
}

const char *failure_explain(struct failure *f)
{
    char reason[FAILURE_TEXT];
    size_t at = f->path_at;

    if (at == FAILURE_PATH)
        return f->text;
    if (f->path[at] == '.')
        at++;
    memcpy(reason, f->text, sizeof reason);
    snprintf(f->text, FAILURE_TEXT, "field %.*s: %.*s", (int)(FAILURE_PATH - at), f->path + at,
             FAILURE_TEXT - FAILURE_PATH - 10, reason);
    return f->text;
}
