/* state_file.c: which columns the file of a state has.
 *
 *   key_group INT | the key's fields | namespace BIGINT | last_write TIMESTAMP_LTZ(6) | the value's fields,
 * or value BYTES (has_namespace)    (with TTL)
 */
#include "state/state_internal.h"

struct file_layout file_layout_of(const struct state_desc *d)
{
    struct file_layout l = {
        .key_from = 1, .key_count = d->key->field_count, .name_space = -1, .last_write = -1};
    int32_t at = l.key_from + l.key_count;

    if (d->has_namespace)
        l.name_space = at++;
    if (d->ttl_us)
        l.last_write = at++;
    l.value_from = at;
    l.value_count = d->fields ? (int32_t)d->field_count : 1;
    return l;
}

static void set_field(struct field *fields, int32_t at, const char *name, const struct type *type)
{
    fields[at] = (struct field){.name = name, .type = type, .id = at + 1};
}

/* No two columns of one name; and last_write stays ours without a TTL too, so that one may come and go. */
static enum err check_names(const struct field *fields, int32_t count, int32_t last_write, struct error *e)
{
    for (int32_t i = 0; i < count; i++)
        for (int32_t k = 0; k < count; k++)
            if (i != k && (strcmp(fields[i].name, fields[k].name) == 0 ||
                           (k != last_write && strcmp(fields[k].name, FILE_LAST_WRITE) == 0)))
                return error_set(
                    e, ERR_CONFIG,
                    "its savepoint file would have two columns named %s; give that field another name",
                    fields[k].name);
    return OK;
}

enum err file_schema(struct arena *arena, const struct state_desc *d, const struct schema **out,
                     struct error *e)
{
    struct file_layout l = file_layout_of(d);
    int32_t count = l.value_from + l.value_count;
    struct schema *s = ARENA_NEW(arena, struct schema);
    struct field *fields = ARENA_ARRAY(arena, struct field, count);

    if (s == NULL || fields == NULL)
        return error_memory(e, (size_t)count * sizeof *fields, "the columns of a state");
    for (int32_t i = 0; i < l.key_count; i++) {
        enum err rc = key_check(d->key, &i, 1, e);

        if (rc != OK)
            return rc;
        set_field(fields, l.key_from + i, d->key->fields[i].name, d->key->fields[i].type);
    }
    set_field(fields, 0, "key_group", type_simple(TYPE_INT32, false));
    if (l.name_space >= 0)
        set_field(fields, l.name_space, "namespace", type_simple(TYPE_INT64, false));
    if (l.last_write >= 0)
        set_field(fields, l.last_write, FILE_LAST_WRITE, type_simple(TYPE_TIMESTAMP_LTZ, false));
    for (int32_t i = 0; i < l.value_count; i++)
        if (d->fields)
            set_field(fields, l.value_from + i, d->fields[i].name, d->fields[i].type);
        else
            set_field(fields, l.value_from, "value", type_simple(TYPE_BINARY, false));
    *s = (struct schema){count, fields};
    *out = s;
    return check_names(fields, count, l.last_write, e);
}

void file_print(const struct schema *s, struct bytes *out)
{
    const char *comma = "";

    for (int32_t i = 0; i < s->field_count; i++) {
        if (strcmp(s->fields[i].name, FILE_LAST_WRITE) == 0)
            continue;
        bytes_printf(out, "%s%s ", comma, s->fields[i].name);
        type_print(s->fields[i].type, out);
        comma = ", ";
    }
}
