/* table_format.c: see table_format.h. */
#include "connectors/table_format.h"
#include <stdio.h>

static const char *option(const struct map *options, const char *name)
{
    return map_get(options, slice_text(name));
}

const char *table_format_name(const struct map *options, bool is_key, const char **prefix)
{
    const char *name = option(options, is_key ? "key.format" : "format");

    *prefix = is_key ? "key." : "";
    if (name || is_key)
        return name;
    *prefix = "value.";
    return option(options, "value.format");
}

/* What is behind `<prefix><format>.` in an option's name; NULL: something else. */
static const char *own_part(const char *option_name, const char *prefix, const char *format)
{
    size_t prefix_len = strlen(prefix), len = strlen(format);

    if (strncmp(option_name, prefix, prefix_len) != 0 ||
        strncmp(option_name + prefix_len, format, len) != 0 || option_name[prefix_len + len] != '.')
        return NULL;
    return option_name + prefix_len + len + 1;
}

bool table_format_owns(const struct map *options, const char *name)
{
    for (int is_key = 0; is_key < 2; is_key++) {
        const char *prefix, *format = table_format_name(options, is_key, &prefix);

        if (format && own_part(name, prefix, format))
            return true;
    }
    return false;
}

static enum err copy_options(struct table_format *f, struct arena *arena, const struct map *options,
                             const char *prefix, struct error *e)
{
    struct map_entry *entry;
    size_t at = 0;

    while ((entry = map_next(options, &at)) != NULL) {
        const char *part = own_part(entry->key.ptr, prefix, f->format->name);
        const char *value = part ? arena_strdup(arena, entry->value) : NULL;

        if (part && (value == NULL || !map_put(&f->options, slice_text(part), (void *)(uintptr_t)value)))
            return error_memory(e, entry->key.len, "a format's options");
    }
    return OK;
}

enum err table_format_init(struct table_format *f, struct arena *arena, const struct map *options,
                           bool is_key, struct error *e)
{
    const char *prefix, *name = table_format_name(options, is_key, &prefix);
    char full[80];
    enum err rc;

    *f = (struct table_format){0};
    if (!is_key && option(options, "format") && option(options, "value.format"))
        return error_set(e, ERR_CONFIG, "'format' and 'value.format' say the same; set one of them");
    if (name == NULL)
        return is_key ? OK
                      : error_set(e, ERR_CONFIG, "option 'format' is missing; it takes %s", format_names());
    if ((f->format = format_find(name)) == NULL)
        return error_set(e, ERR_CONFIG, "option '%sformat' is '%s'; it takes %s", prefix, name,
                         format_names());
    snprintf(full, sizeof full, "%s%s.", prefix, name);
    if ((rc = copy_options(f, arena, options, prefix, e)) != OK ||
        (rc = format_check_options(f->format, &f->options, full, e)) != OK)
        table_format_fini(f);
    return rc;
}

void table_format_fini(struct table_format *f)
{
    map_fini(&f->options);
    *f = (struct table_format){0};
}
