/* json_map.c: an object of JSON as a MAP, whose keys are the payload's and must not be there twice.
 * The entries of the maps being read are a stack in the reader. Only when a map is complete its keys are
 * compared: to find one twice is rare, and the row is then read again in the careful way, which drops all but
 * the last of equal keys.
 */
#include "base/mem.h"
#include "formats/json_words.h"
#include "formats/short_view.h"
#include <stdlib.h>

#define QUADRATIC_MAX 16 /* entries of a MAP whose keys are compared each with each */

struct json_entry {
    struct view key;
    const char *value; /* where it begins; only in the careful way */
    int32_t number;
    bool dropped;
};

static int compare_keys(const struct json_entry *a, const struct json_entry *b)
{
    return slice_compare(view_slice(&a->key), view_slice(&b->key));
}

static int by_key(const void *a, const void *b)
{
    const struct json_entry *x = a, *y = b;
    int order = compare_keys(x, y);

    return order ? order : (x->number > y->number) - (x->number < y->number);
}

static int by_number(const void *a, const void *b)
{
    const struct json_entry *x = a, *y = b;

    return (x->number > y->number) - (x->number < y->number);
}

/* Mark all but the last of equal keys; true when there were any. The order is by number again afterwards. */
static bool drop_doubles(struct json_entry *entries, size_t count)
{
    bool any = false;

    if (count < 2)
        return false;
    qsort(entries, count, sizeof *entries, by_key);
    for (size_t i = 0; i + 1 < count; i++) {
        entries[i].dropped = compare_keys(&entries[i], &entries[i + 1]) == 0;
        any = any || entries[i].dropped;
    }
    qsort(entries, count, sizeof *entries, by_number);
    return any;
}

static bool has_doubles(struct json_entry *entries, size_t count)
{
    if (count > QUADRATIC_MAX)
        return drop_doubles(entries, count);
    for (size_t i = 1; i < count; i++)
        for (size_t k = 0; k < i; k++)
            if (view_equal(&entries[i].key, &entries[k].key))
                return true;
    return false;
}

/* A key, which goes on the stack of entries, and its colon. */
static bool read_entry_key(struct json_reader *r, int32_t number)
{
    struct slice key;
    bool borrowed;
    char *copy;

    if (!take(r, '"'))
        return fail_scan(r, "a key is wanted");
    if (!read_text(r, &key, &borrowed))
        return false;
    if (!MEM_GROW(r->entries, r->entry_count, r->entry_capacity)) {
        r->builder->failed = true;
        return fail_scan(r, "there is no memory for the entries of a map");
    }
    if (!borrowed && key.len > VIEW_INLINE) {
        if ((copy = batch_alloc(r->builder->batch, key.len)) == NULL) {
            r->builder->failed = true;
            return fail_scan(r, "there is no memory for the entries of a map");
        }
        key.ptr = memcpy(copy, key.ptr, key.len);
    }
    r->entries[r->entry_count++] = (struct json_entry){
        .key = short_view_of(key.ptr, key.len, borrowed ? r->end : key.ptr), .number = number};
    return read_colon(r);
}

static bool append_entry_value(struct json_reader *r, struct json_node *map, struct column_builder *to,
                               const struct view *key)
{
    struct slice name = view_slice(key);
    char text[32];

    if (LIKELY(json_value(r, &map->children[1], &to->children[1])))
        return true;
    memcpy(text, name.ptr, MIN(name.len, sizeof text - 1));
    text[MIN(name.len, sizeof text - 1)] = '\0';
    return FAIL_IN_FIELD(&r->failure, text);
}

static bool read_entries(struct json_reader *r, struct json_node *map, struct column_builder *to)
{
    size_t base = r->entry_count;
    bool more = !take(r, '}');

    for (int32_t n = 0; more; n++) {
        struct view key;

        if (UNLIKELY(!read_entry_key(r, n)))
            return false;
        key = r->entries[r->entry_count - 1].key;
        builder_view(&to->children[0], key);
        if (UNLIKELY(!append_entry_value(r, map, to, &key) || !read_comma(r, '}', &more)))
            return false;
    }
    if (UNLIKELY(r->entry_count > base && has_doubles(r->entries + base, r->entry_count - base))) {
        r->duplicate = true;
        return false;
    }
    r->entry_count = base;
    return true;
}

static bool read_entries_carefully(struct json_reader *r, struct json_node *map, struct column_builder *to)
{
    size_t base = r->entry_count, end;
    bool more = !take(r, '}');
    const char *behind;

    for (int32_t n = 0; more; n++) {
        if (!read_entry_key(r, n))
            return false;
        r->entries[r->entry_count - 1].value = r->at;
        if (!skip_value(r) || !read_comma(r, '}', &more))
            return false;
    }
    behind = r->at;
    end = r->entry_count;
    if (end > base) /* else there may be no array yet */
        drop_doubles(r->entries + base, end - base);
    for (size_t i = base; i < end; i++) {
        struct json_entry entry = r->entries[i]; /* a copy: a value that is a map moves the stack */

        if (entry.dropped)
            continue;
        r->at = entry.value;
        builder_view(&to->children[0], entry.key);
        if (!append_entry_value(r, map, to, &entry.key))
            return false;
    }
    r->entry_count = base;
    r->at = behind;
    return true;
}

bool json_map(struct json_reader *r, struct json_node *map, struct column_builder *to)
{
    return UNLIKELY(r->careful) ? read_entries_carefully(r, map, to) : read_entries(r, map, to);
}
