/* show_like.c: LIKE and ILIKE of SHOW: names against a pattern, a character (not a byte) at a time. */
#include "sql/show.h"
#include <ctype.h>

/* Bytes of the character at s's start, which is not empty. */
static size_t character(struct slice s)
{
    size_t len = 1;

    while (len < s.len && ((uint8_t)s.ptr[len] & 0xc0) == 0x80)
        len++;
    return len;
}

static bool same(struct slice a, struct slice b, bool any_case)
{
    if (any_case && a.len == 1 && b.len == 1)
        return tolower((unsigned char)*a.ptr) == tolower((unsigned char)*b.ptr);
    return slice_equal(a, b);
}

/* One character of the pattern, which is no %, against one of the name; false: they differ. Both go on. */
static bool step(struct slice *name, struct slice *pattern, bool any_case)
{
    bool any = *pattern->ptr == '_', escaped = *pattern->ptr == '\\' && pattern->len > 1;
    struct slice want = escaped ? slice_from(*pattern, 1) : *pattern;
    size_t want_len = character(want), len = name->len ? character(*name) : 0;

    if (len == 0 || (!any && !same(slice_of(name->ptr, len), slice_of(want.ptr, want_len), any_case)))
        return false;
    *name = slice_from(*name, len);
    *pattern = slice_from(want, want_len);
    return true;
}

bool show_like(struct slice name, struct slice pattern, bool any_case)
{
    struct slice retry_name = {0}, retry_pattern = {0};
    bool retry = false; /* behind the last % */

    while (name.len || pattern.len) {
        if (pattern.len && *pattern.ptr == '%') {
            pattern = slice_from(pattern, 1);
            retry_name = name;
            retry_pattern = pattern;
            retry = true;
        } else if (pattern.len == 0 || !step(&name, &pattern, any_case)) {
            if (!retry || retry_name.len == 0)
                return false;
            retry_name = slice_from(retry_name, character(retry_name)); /* % takes one more */
            name = retry_name;
            pattern = retry_pattern;
        }
    }
    return true;
}

bool show_passes(const struct ast_show *show, const char *name)
{
    if (show == NULL || show->like == NULL)
        return true;
    return show_like(slice_text(name), slice_text(show->like->text), show->any_case) != show->not_like;
}
